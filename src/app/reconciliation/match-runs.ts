import { invariant } from '../../core/invariant.ts';
import { classify } from '../../core/reconcile/classify.ts';
import type { FileLine, Unmatched } from '../../core/reconcile/rows.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SettlementQueries } from '../ports.ts';
import { policyHashOf } from '../settlement/document.ts';
import { PROBLEMS_MAX } from './line-reader.ts';
import type { Candidate, LineProblem, MatchStore, ReconciliationRun, RunStore } from './ports.ts';

/** What matching needs from outside. */
export interface MatchDeps {
  readonly runs: Pick<RunStore, 'refuse'>;
  readonly matches: MatchStore;
  readonly queries: Pick<SettlementQueries, 'byIds'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Says of all that did not agree what it is: each difference is classified and recorded with a proposed correction. A file
 * with lines about another party's settlements is refused.
 *
 * @shape loaded runs → nothing; they are `matched` or `refused`; one that somebody has matched meanwhile stays as it is
 * @throws AppError DATABASE_UNAVAILABLE (retryable); a run is then still loaded, and can be matched again
 * @source design §10; policy-facts B.4
 */
export async function matchRuns(deps: MatchDeps, runs: readonly ReconciliationRun[]): Promise<void> {
  invariant(
    runs.every(({ state }) => state === 'loaded'),
    'files are matched once they are loaded',
  );
  const left = new Set(await deps.matches.restart(runs.map(({ runId }) => runId)));
  for (const run of runs) if (left.has(run.runId)) await matchRun(deps, run);
}

async function matchRun(deps: MatchDeps, run: ReconciliationRun): Promise<void> {
  const { runs, matches, clock } = deps;
  const foreign: LineProblem[] = [];
  let differences = 0;
  for await (const page of matches.unmatched(run)) {
    deps.signal?.throwIfAborted();
    foreign.push(...page.flatMap(foreignIn(run)));
    if (foreign.length >= PROBLEMS_MAX) break;
    if (foreign.length > 0) continue;
    const explained = await withPolicies(deps, page);
    const found = explained.flatMap((each) => classify(each, run.windowId, run.source));
    await matches.record(run, differences + 1, found);
    differences += found.length;
  }
  if (foreign.length > 0) await runs.refuse(run.runId, foreign.slice(0, PROBLEMS_MAX), clock.now());
  else await matches.matched(run.runId, differences, clock.now());
}

function foreignIn({ source, form }: ReconciliationRun) {
  return ({ isForeign, unmatched: { lines } }: Candidate): LineProblem[] =>
    (isForeign ? lines.slice(0, 1) : []).map(({ lineNo }: FileLine) => ({
      line: lineNo,
      column: form === 'csv' ? 3 : 1,
      name: form === 'csv' ? 'settlementId' : 'setl_id',
      problem: `is not a settlement of this ${source}`,
    }));
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
