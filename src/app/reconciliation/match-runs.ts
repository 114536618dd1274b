import { classify, type Difference } from '../../core/reconcile/classify.ts';
import type { FileLine, Unmatched } from '../../core/reconcile/rows.ts';
import { addTotals, NO_TOTALS } from '../../core/reconcile/totals.ts';
import { invariant } from '../../core/invariant.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SettlementQueries } from '../ports.ts';
import { policyHashOf } from '../settlement/document.ts';
import { PROBLEMS_MAX } from './line-reader.ts';
import type { Candidate, LineProblem, MatchStore, ReconciliationRun, RunStore, RunTotals, Stretch } from './ports.ts';

/** What matching needs from outside. */
export interface MatchDeps {
  readonly runs: Pick<RunStore, 'find' | 'refuse'>;
  readonly matches: MatchStore;
  readonly queries: Pick<SettlementQueries, 'byIds'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** What is known of one run while it is matched. */
interface Tally {
  readonly run: ReconciliationRun;
  ourTotals: RunTotals;
  differences: number;
  readonly foreign: LineProblem[];
}

/** A stretch is some hundredths of a second's work; with many files, long enough that each has some lines in it. */
const ROWS_A_STRETCH = 1500;
const ROWS_A_STRETCH_AND_RUN = 1000;
/** One for each of two cores, and one on its way between the database and us. */
const STRETCHES_AT_ONCE = 3;

/**
 * Holds loaded files against our books, both ways. Totals come first, stretch by stretch of ids: where counts and figures
 * show that every row of ours has its line and every line its row, nothing more is asked. Elsewhere each difference is
 * found, classified and recorded with a proposed correction. A file with lines about another party's settlements is
 * refused. Any number of files of one window and kind are matched in one pass over the window.
 *
 * @shape loaded runs → the same runs, `matched` or `refused`; one that somebody has matched meanwhile as it is
 * @throws AppError DATABASE_UNAVAILABLE (retryable); the runs are then still loaded, and can be matched again
 * @source design §10; policy-facts B.4
 */
export async function matchRuns(
  deps: MatchDeps,
  runs: readonly ReconciliationRun[],
): Promise<readonly ReconciliationRun[]> {
  const [first] = runs;
  if (first === undefined) return [];
  invariant(
    runs.every(({ state }) => state === 'loaded'),
    'files are matched once they are loaded',
  );
  const nothing = { settled: NO_TOTALS, refunded: NO_TOTALS };
  const tallies = new Map<number, Tally>(
    runs.map((run) => [run.runId, { run, ourTotals: nothing, differences: 0, foreign: [] }]),
  );
  const left = new Set(await deps.matches.restart([...tallies.keys()]));
  for (const runId of tallies.keys()) if (!left.has(runId)) tallies.delete(runId);
  const rows = Math.max(ROWS_A_STRETCH, ROWS_A_STRETCH_AND_RUN * runs.length);
  const stretches = deps.matches.stretches(first.windowId, rows)[Symbol.asyncIterator]();
  const work = async (): Promise<void> => {
    for (let next = await stretches.next(); next.done !== true; next = await stretches.next()) {
      await matchStretch(deps, tallies, next.value);
    }
  };
  if (tallies.size > 0) await allOrFirstError(Array.from({ length: STRETCHES_AT_ONCE }, work));
  for (const tally of tallies.values()) await finish(deps, tally);
  const found = await Promise.all(runs.map(({ runId }) => deps.runs.find(runId)));
  return found.flatMap((run) => run ?? []);
}

/** Nothing of a failed try still writes when the next one begins. */
async function allOrFirstError(workers: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(workers);
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

async function finish({ runs, matches, clock }: MatchDeps, { run, foreign, ourTotals, differences }: Tally) {
  if (foreign.length > 0) await runs.refuse(run.runId, foreign, clock.now());
  else await matches.matched(run.runId, ourTotals, differences, clock.now());
}

async function matchStretch(deps: MatchDeps, tallies: ReadonlyMap<number, Tally>, stretch: Stretch): Promise<void> {
  deps.signal?.throwIfAborted();
  const runs = Array.from(tallies.values(), ({ run }) => run);
  for (const { runId, ourTotals, isSame } of await deps.matches.compare(runs, stretch)) {
    const tally = tallies.get(runId);
    invariant(tally !== undefined, 'only the runs asked for are compared');
    tally.ourTotals = {
      settled: addTotals(tally.ourTotals.settled, ourTotals.settled),
      refunded: addTotals(tally.ourTotals.refunded, ourTotals.refunded),
    };
    if (isSame) continue;
    for await (const page of deps.matches.differing(tally.run, stretch)) await takePage(deps, tally, page);
  }
}

async function takePage(deps: MatchDeps, tally: Tally, candidates: readonly Candidate[]): Promise<void> {
  const { run, foreign } = tally;
  for (const { isForeign, unmatched } of candidates) {
    if (isForeign && foreign.length < PROBLEMS_MAX) foreign.push(...unmatched.lines.slice(0, 1).map(toForeign(run)));
  }
  if (foreign.length > 0) return;
  const explained = await withPolicies(deps, candidates);
  const differences: Difference[] = explained.flatMap((each) => classify(each, run.windowId, run.source));
  const firstNo = tally.differences + 1;
  // Before anything is waited for: two stretches come here at the same time.
  tally.differences += differences.length;
  await deps.matches.record(run, firstNo, differences);
}

function toForeign({ source, form }: ReconciliationRun) {
  return ({ lineNo }: FileLine): LineProblem => ({
    line: lineNo,
    column: form === 'csv' ? 3 : 1,
    name: form === 'csv' ? 'settlementId' : 'setl_id',
    problem: `is not a settlement of this ${source}`,
  });
}

/** Reads the policy of ours where a line names another side's, which is a handful of documents. */
async function withPolicies({ queries }: MatchDeps, candidates: readonly Candidate[]): Promise<readonly Unmatched[]> {
  const asks = ({ unmatched: { ours, lines } }: Candidate): string[] =>
    ours !== undefined && lines.some(({ policyHash }) => policyHash !== undefined) ? [ours.settlementId] : [];
  const stored = await queries.byIds(candidates.flatMap(asks));
  const hashes = new Map(stored.map(({ row, document }) => [row.settlementId, policyHashOf(document)]));
  return candidates.map(({ unmatched }) => ({
    ...unmatched,
    policyHash: hashes.get(unmatched.ours?.settlementId ?? ''),
  }));
}
