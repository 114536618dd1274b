import type { ComparedText } from './ports.ts';
import type { StagingFile } from './staging-file.ts';

const TAB = '\t';
const TAB_CODE = 0x09;
/** Above every id; and no id, where it is not known yet. */
const [AFTER_ALL, UNKNOWN] = ['~', ''];
/** Columns of a {@link ComparedText}. */
const COMPARED = 6;

/** All lines of a file about one id. */
export interface LineGroup {
  readonly settlementId: string;
  readonly lines: number;
  readonly first: ComparedText;
  /** The one that is not stored, as it is staged. */
  readonly staged: string | undefined;
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

/** Goes through the lines of one file in the order of ids: staged ones, each of an id of its own, and stored ones. */
export class LineCursor {
  readonly #staging: Pick<StagingFile, 'read'>;
  readonly #pages: AsyncIterator<readonly ComparedText[]>;
  #chunk = '';
  #at = 0;
  #isRead = false;
  #page: readonly ComparedText[] = [];
  #pageAt = 0;
  #storedId = UNKNOWN;
  #ahead: LineGroup | undefined;

  constructor(staging: Pick<StagingFile, 'read'>, stored: AsyncIterable<readonly ComparedText[]>) {
    this.#staging = staging;
    this.#pages = stored[Symbol.asyncIterator]();
  }

  /**
   * Goes on behind the next line if that is the only one about its id and says this text; asked for every row of ours, and
   * nearly always true. Where it is false nothing has happened, and {@link next} tells more.
   */
  takeOnly(text: ComparedText): boolean {
    const end = this.#at + text.length;
    // With its TAB a text is above its own id.
    if (this.#ahead !== undefined || text > this.#storedId || !this.#chunk.startsWith(text, this.#at)) return false;
    if (this.#chunk.charCodeAt(end) !== TAB_CODE) return false;
    this.#at = this.#chunk.indexOf('\n', end) + 1;
    return true;
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
    if (this.#storedId === UNKNOWN) await this.#goOnStored();
    const line = await this.#line();
    const stagedId = line === undefined ? AFTER_ALL : idOf(line);
    const settlementId = stagedId < this.#storedId ? stagedId : this.#storedId;
    if (settlementId === AFTER_ALL) return undefined;
    const isStaged = line !== undefined && stagedId === settlementId;
    if (isStaged) this.#at += line.length + 1;
    const first = isStaged ? comparedIn(line) : (this.#page[this.#pageAt] as ComparedText);
    let lines = isStaged ? 1 : 0;
    for (; this.#storedId === settlementId; lines += 1) await this.#goOnStored();
    return { settlementId, lines, first, staged: isStaged ? line : undefined };
  }

  async #line(): Promise<string | undefined> {
    if (this.#at === this.#chunk.length && !this.#isRead) {
      this.#chunk = await this.#staging.read();
      this.#at = 0;
      this.#isRead = this.#chunk === '';
    }
    return this.#isRead ? undefined : ownCopy(this.#chunk, this.#at, this.#chunk.indexOf('\n', this.#at));
  }

  async #goOnStored(): Promise<void> {
    if (this.#storedId !== UNKNOWN) this.#pageAt += 1;
    while (this.#pageAt === this.#page.length) {
      const page = await this.#pages.next();
      if (page.done === true) {
        this.#storedId = AFTER_ALL;
        return;
      }
      this.#page = page.value;
      this.#pageAt = 0;
    }
    this.#storedId = idOf(this.#page[this.#pageAt] as ComparedText);
  }
}
