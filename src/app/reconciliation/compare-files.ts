import { invariant } from '../../core/invariant.ts';
import type { Totals } from '../../core/reconcile/totals.ts';
import type { Clock } from '../../platform/clock.ts';
import { idOf, LineCursor, type LineGroup } from './line-cursor.ts';
import { PROBLEMS_MAX } from './line-reader.ts';
import type {
  ComparedText,
  CompareStore,
  LineProblem,
  ReconciliationRun,
  RunStore,
  RunTotals,
  UnmatchedId,
} from './ports.ts';
import type { FileToCompare } from './read-file.ts';

/** What comparing needs from outside. */
export interface CompareDeps {
  readonly runs: Pick<RunStore, 'repeats' | 'loaded' | 'refuse' | 'find'>;
  readonly comparisons: CompareStore;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

const UNMATCHED_A_CALL = 2000;
const [TAB, MINUS, ZERO, ONE] = [0x09, 0x2d, 0x30, 0x31];

/** Unmatched ids of all files that are compared together, stored a few thousand at a time. */
class UnmatchedIds {
  readonly #comparisons: Pick<CompareStore, 'keep'>;
  #waiting: UnmatchedId[] = [];

  constructor(comparisons: Pick<CompareStore, 'keep'>) {
    this.#comparisons = comparisons;
  }

  async add(unmatched: UnmatchedId): Promise<void> {
    this.#waiting.push(unmatched);
    if (this.#waiting.length >= UNMATCHED_A_CALL) await this.store();
  }

  async store(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length > 0) await this.#comparisons.keep(waiting);
  }
}

/** One file beside our rows of its party, both in the order of ids. */
class FileComparison {
  readonly file: FileToCompare;
  /** Whether some lines are about the same: then they may be the same line twice. */
  hasDoubles = false;
  readonly #lines: LineCursor;
  readonly #unmatched: UnmatchedIds;
  /** Count, total, fund total, account of our settlements; then of our reversals. */
  readonly #sums = new Float64Array(8);

  constructor(file: FileToCompare, { comparisons }: CompareDeps, unmatched: UnmatchedIds) {
    this.file = file;
    this.#lines = new LineCursor(file.staging.sections(), comparisons.stored(file.run.runId));
    this.#unmatched = unmatched;
  }

  get ourTotals(): RunTotals {
    const sums = this.#sums;
    invariant(sums.every(Number.isSafeInteger), 'what a window comes to can be counted');
    const from = (at: number): Totals => {
      const [settlements = 0, total = 0, fundTotal = 0, account = 0] = sums.subarray(at, at + 4);
      return { settlements, total, fundTotal, account };
    };
    return { settled: from(0), refunded: from(4) };
  }

  /** Goes on by a row of ours; false when its lines must be looked at one by one, by {@link find}. */
  take(ours: ComparedText): boolean {
    this.#addUp(ours);
    return this.#lines.takeOnly(ours);
  }

  /** Goes on to the lines about a row of ours, and behind them. */
  async find(ours: ComparedText): Promise<void> {
    const settlementId = idOf(ours);
    const group = await this.#passUpTo(settlementId);
    if (group?.settlementId !== settlementId) {
      await this.#unmatched.add({ runId: this.file.run.runId, settlementId, lines: [] });
      return;
    }
    if (group.lines === 1 && group.first === ours) this.#lines.skip();
    else await this.#pass(group);
  }

  /** Lines behind the last row of ours. */
  async end(): Promise<void> {
    await this.#passUpTo(undefined);
  }

  /** Lines before an id are about nothing of ours. */
  async #passUpTo(settlementId: string | undefined) {
    for (;;) {
      const group = await this.#lines.next();
      if (group === undefined || (settlementId !== undefined && group.settlementId >= settlementId)) return group;
      await this.#pass(group);
    }
  }

  async #pass({ settlementId, lines, staged }: LineGroup): Promise<void> {
    this.#lines.skip();
    if (lines > 1) this.hasDoubles = true;
    await this.#unmatched.add({ runId: this.file.run.runId, settlementId, lines: staged });
  }

  #addUp(ours: ComparedText): void {
    const sums = this.#sums;
    let at = ours.indexOf('\t') + 1;
    let sum = ours.charCodeAt(at) === ONE ? 4 : 0;
    sums[sum] = (sums[sum] as number) + 1;
    at = ours.indexOf('\t', at + 2) + 1;
    for (sum += 1; at < ours.length; sum += 1) {
      const isNegative = ours.charCodeAt(at) === MINUS;
      if (isNegative) at += 1;
      let fen = 0;
      for (let code = ours.charCodeAt(at); at < ours.length && code !== TAB; code = ours.charCodeAt(at)) {
        fen = fen * 10 + (code - ZERO);
        at += 1;
      }
      at += 1;
      sums[sum] = (sums[sum] as number) + (isNegative ? -fen : fen);
    }
  }
}

async function goThrough(deps: CompareDeps, compared: readonly FileComparison[]): Promise<void> {
  const [first] = compared.map(({ file: { run } }) => run);
  if (first === undefined) return;
  const { source, windowId } = first;
  const byParty = new Map(compared.map((each) => [each.file.run.party, each]));
  invariant(
    byParty.size === compared.length &&
      compared.every(({ file: { run } }) => run.source === source && run.windowId === windowId),
    'files that are compared together are of one window and kind, and of a party each',
  );
  for await (const page of deps.comparisons.ours(source, windowId, [...byParty.keys()])) {
    deps.signal?.throwIfAborted();
    for (const { party, text } of page) {
      const comparison = byParty.get(party) as FileComparison;
      if (!comparison.take(text)) await comparison.find(text);
    }
  }
  for (const comparison of compared) await comparison.end();
}

async function repeatsIn({ runs }: CompareDeps, { run, form: { columns } }: FileToCompare): Promise<LineProblem[]> {
  const column = columns.findIndex(({ kind }) => kind === 'settlementId');
  const repeats = await runs.repeats(run.runId, PROBLEMS_MAX);
  return repeats.map(({ lineNo, firstNo }) => ({
    line: lineNo,
    column: column + 1,
    name: columns[column]?.name ?? '',
    problem: `repeats line ${firstNo}`,
  }));
}

async function finish(deps: CompareDeps, { file, hasDoubles, ourTotals }: FileComparison): Promise<boolean> {
  const { runs, clock } = deps;
  const problems = hasDoubles ? await repeatsIn(deps, file) : [];
  if (problems.length > 0) {
    await runs.refuse(file.run.runId, problems, clock.now());
    return false;
  }
  return runs.loaded(file.run, { form: file.form.name, fileTotals: file.totals, ourTotals }, clock.now());
}

/**
 * Holds files that were read against our books, both ways, in one pass over the window for any number of them. Of a row of
 * ours that exactly one line is about, and that says the same, nothing is kept. Every other id is, with its lines: it is
 * unmatched. Our own totals are added up on the way. A file that has a line twice, word for word, is refused.
 *
 * @shape files of one window and kind, of a party each → runs that are `loaded` now
 * @throws AppError DATABASE_UNAVAILABLE (retryable); the runs are then still `loading`, and begin from nothing
 * @source design §10
 */
export async function compareFiles(
  deps: CompareDeps,
  files: readonly FileToCompare[],
): Promise<readonly ReconciliationRun[]> {
  const unmatched = new UnmatchedIds(deps.comparisons);
  const compared = files.map((file) => new FileComparison(file, deps, unmatched));
  await goThrough(deps, compared);
  await unmatched.store();
  const loaded: ReconciliationRun[] = [];
  for (const each of compared) {
    if (!(await finish(deps, each))) continue;
    const run = await deps.runs.find(each.file.run.runId);
    if (run?.state === 'loaded') loaded.push(run);
  }
  return loaded;
}
