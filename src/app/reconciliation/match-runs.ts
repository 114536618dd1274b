import { classify, type Difference } from '../../core/reconcile/classify.ts';
import type { FileLine, Unmatched } from '../../core/reconcile/rows.ts';
import { invariant } from '../../core/invariant.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SettlementQueries } from '../ports.ts';
import { policyHashOf } from '../settlement/document.ts';
import { PROBLEMS_MAX, type LineProblem } from './line-reader.ts';
import type { Candidate, MatchStore, ReconciliationRun, RunStore, RunTotals } from './ports.ts';

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
  differences: number;
  readonly foreign: LineProblem[];
}

/**
 * Holds loaded files against our books, both ways: rows of ours without a line that agrees, and lines without a row of
 * ours. Every difference is classified and recorded with a proposed correction. A file with lines about another party's
 * settlements is refused. Any number of files of one window and kind are matched in one pass over the window.
 *
 * @shape loaded runs → the same runs, `matched` or `refused`
 * @throws AppError DATABASE_UNAVAILABLE (retryable); the runs are then still loaded, and can be matched again
 * @source design §10; policy-facts B.4
 */
export async function matchRuns(
  deps: MatchDeps,
  runs: readonly ReconciliationRun[],
): Promise<readonly ReconciliationRun[]> {
  if (runs.length === 0) return [];
  invariant(
    runs.every(({ state }) => state === 'loaded'),
    'files are matched once they are loaded',
  );
  const { matches } = deps;
  const tallies = new Map<number, Tally>(runs.map((run) => [run.runId, { run, differences: 0, foreign: [] }]));
  await matches.restart([...tallies.keys()]);
  const take = (candidates: AsyncIterable<readonly Candidate[]>) => takeAll(deps, tallies, candidates);
  const theirs = async (): Promise<void> => {
    for (const run of runs) await take(matches.theirs(run));
  };
  // Side by side: one goes through the window, the other through the files.
  const [totals] = await Promise.all([matches.ourTotals(runs), take(matches.ours(runs)), theirs()]);
  for (const [index, { runId }] of runs.entries()) await finish(deps, tallies.get(runId), totals[index]);
  const found = await Promise.all(runs.map(({ runId }) => deps.runs.find(runId)));
  return found.flatMap((run) => run ?? []);
}

async function finish({ runs, matches, clock }: MatchDeps, tally: Tally | undefined, totals: RunTotals | undefined) {
  invariant(tally !== undefined && totals !== undefined, 'every run is tallied');
  const { run, foreign, differences } = tally;
  if (foreign.length > 0) await runs.refuse(run.runId, foreign, clock.now());
  else await matches.matched(run.runId, totals, differences, clock.now());
}

async function takeAll(
  deps: MatchDeps,
  tallies: ReadonlyMap<number, Tally>,
  pages: AsyncIterable<readonly Candidate[]>,
): Promise<void> {
  for await (const page of pages) {
    deps.signal?.throwIfAborted();
    for (const [runId, candidates] of Map.groupBy(page, (each) => each.runId)) {
      const tally = tallies.get(runId);
      invariant(tally !== undefined, 'candidates are of the runs that are matched');
      await takePage(deps, tally, candidates);
    }
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
  // Before anything is waited for: pages of both ways come here at the same time.
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
