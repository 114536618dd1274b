import type { ComparedText } from './ports.ts';
import type { StagedSection } from './staging-file.ts';

const TAB = '\t';
const TAB_CODE = 0x09;
/** Below every id, where it is not known yet, and above every id, at the end. */
const [BEFORE_ALL, AFTER_ALL] = ['', '~'];
/** Columns of a {@link ComparedText}. */
const COMPARED = 6;

/** All lines of a file about one id. */
export interface LineGroup {
  readonly settlementId: string;
  readonly lines: number;
  readonly first: ComparedText;
  /** Those that are not stored, as they are staged. */
  readonly staged: readonly string[];
}

interface Line {
  readonly text: ComparedText;
  /** Undefined where it is stored. */
  readonly staged: string | undefined;
}

/** Lines in the order of ids. */
interface LineSource {
  /** Of the next line, or a bound below it before {@link look}. */
  readonly id: string;
  look(): Promise<void>;
  /** Hands over the next line; there is one. */
  take(): Line;
  /** Goes on behind the next line if it says this; stored ones, which are few, are always looked at. */
  takeIf(text: ComparedText): boolean;
}

/** The id that a text is about. */
export function idOf(text: ComparedText): string {
  return text.slice(0, text.indexOf(TAB));
}

function comparedIn(line: string): ComparedText {
  let end = -1;
  for (let column = 0; column < COMPARED; column += 1) end = line.indexOf(TAB, end + 1);
  return line.slice(0, end);
}

/** A slice would keep its whole chunk in memory for as long as it lives. */
function ownCopy(chunk: string, from: number, to: number): string {
  return Buffer.from(chunk.slice(from, to), 'latin1').toString('latin1');
}

class SectionLines implements LineSource {
  id: string;
  readonly #section: StagedSection;
  #chunk = '';
  #at = 0;

  constructor(section: StagedSection) {
    this.#section = section;
    this.id = section.firstId;
  }

  async look(): Promise<void> {
    if (this.#at === this.#chunk.length && this.id !== AFTER_ALL) {
      this.#chunk = await this.#section.read();
      this.#at = 0;
    }
    const end = this.#chunk.indexOf(TAB, this.#at);
    this.id = end === -1 ? AFTER_ALL : this.#chunk.slice(this.#at, end);
  }

  take(): Line {
    const end = this.#chunk.indexOf('\n', this.#at);
    const staged = ownCopy(this.#chunk, this.#at, end);
    this.#at = end + 1;
    return { text: comparedIn(staged), staged };
  }

  takeIf(text: ComparedText): boolean {
    const end = this.#at + text.length;
    if (!this.#chunk.startsWith(text, this.#at) || this.#chunk.charCodeAt(end) !== TAB_CODE) return false;
    this.#at = this.#chunk.indexOf('\n', end) + 1;
    return true;
  }
}

class StoredLines implements LineSource {
  id = BEFORE_ALL;
  readonly #pages: AsyncIterator<readonly ComparedText[]>;
  #page: readonly ComparedText[] = [];
  #at = 0;

  constructor(pages: AsyncIterable<readonly ComparedText[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  async look(): Promise<void> {
    while (this.#at === this.#page.length && this.id !== AFTER_ALL) {
      const page = await this.#pages.next();
      if (page.done === true) this.id = AFTER_ALL;
      else [this.#page, this.#at] = [page.value, 0];
    }
    if (this.id !== AFTER_ALL) this.id = idOf(this.#page[this.#at] as ComparedText);
  }

  take(): Line {
    this.#at += 1;
    return { text: this.#page[this.#at - 1] as ComparedText, staged: undefined };
  }

  takeIf(): boolean {
    return false;
  }
}

/**
 * Goes through all lines of one file in the order of ids, out of sections on the disk, in each of which every id is once,
 * and stored lines.
 */
export class LineCursor {
  /** A heap: none is before the one at half its place. The first may be further than its id says. */
  readonly #sources: LineSource[];
  /** The lowest id of all sources but the first. */
  #others = BEFORE_ALL;
  #ahead: LineGroup | undefined;

  constructor(sections: readonly StagedSection[], stored: AsyncIterable<readonly ComparedText[]>) {
    // A sorted list is a heap.
    const staged = sections.map((section) => new SectionLines(section));
    staged.sort((left, right) => (left.id < right.id ? -1 : 1));
    this.#sources = [new StoredLines(stored), ...staged];
  }

  /**
   * Goes on behind the next line if that is the only one about its id and says this text; asked for every row of ours, and
   * nearly always true. Where it is false nothing has happened, and {@link next} tells more.
   */
  takeOnly(text: ComparedText): boolean {
    // With its TAB a text is above its own id.
    if (this.#ahead !== undefined || text > this.#others) return false;
    return (this.#sources[0] as LineSource).takeIf(text);
  }

  /** The next lines, without going on behind them; undefined at the end. */
  async next(): Promise<LineGroup | undefined> {
    this.#ahead ??= await this.#group();
    return this.#ahead;
  }

  /** Goes on behind the {@link next} lines. */
  skip(): void {
    this.#ahead = undefined;
  }

  async #group(): Promise<LineGroup | undefined> {
    let source = await this.#lowest();
    const settlementId = source.id;
    if (settlementId === AFTER_ALL) return undefined;
    const lines: Line[] = [];
    for (; source.id === settlementId; source = await this.#lowest()) lines.push(source.take());
    const [{ text: first } = { text: '' }] = lines;
    return { settlementId, lines: lines.length, first, staged: lines.flatMap(({ staged }) => staged ?? []) };
  }

  /** The source whose line is next, which is known then. */
  async #lowest(): Promise<LineSource> {
    for (;;) {
      const first = this.#sources[0] as LineSource;
      await first.look();
      this.#sink();
      if (this.#sources[0] === first) return first;
    }
  }

  /** Gives the first source its place. */
  #sink(): void {
    const sources = this.#sources;
    const sinking = sources[0] as LineSource;
    const lower = (place: number): number => {
      const [left, right] = [sources[2 * place + 1], sources[2 * place + 2]];
      return 2 * place + (right !== undefined && left !== undefined && right.id < left.id ? 2 : 1);
    };
    let place = 0;
    for (let below = lower(0); (sources[below]?.id ?? AFTER_ALL) < sinking.id; below = lower(place)) {
      sources[place] = sources[below] as LineSource;
      place = below;
    }
    sources[place] = sinking;
    this.#others = sources[lower(0)]?.id ?? AFTER_ALL;
  }
}
