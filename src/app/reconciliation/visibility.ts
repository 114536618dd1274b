import { notFound } from '../../platform/errors.ts';
import { countyOf } from '../county-of.ts';
import type { Principal } from '../ports.ts';
import type { DifferenceStore, RecordedDifference, ReconciliationRun, RunStore } from './ports.ts';

/** Whether a run is the caller's: an institution's own, a county's own, or any for an operator. */
export function maySeeRun(caller: Principal, run: ReconciliationRun): boolean {
  if (caller.kind === 'operator') return true;
  if (caller.kind === 'institution') return run.source === 'institution' && run.party === caller.id;
  return countyOf(caller) === run.region;
}

/** Counties that a difference concerns: the file's, the insured person's and the institution's. */
function countiesOf(run: ReconciliationRun, { homeRegion, treatmentRegion }: RecordedDifference): readonly string[] {
  return [run.region, homeRegion, treatmentRegion].filter((region) => region !== undefined);
}

/**
 * A run that the caller may see.
 *
 * @throws AppError NOT_FOUND, also for somebody else's
 */
export async function visibleRun(
  { runs }: { readonly runs: Pick<RunStore, 'find'> },
  caller: Principal,
  runId: number,
): Promise<ReconciliationRun> {
  const run = await runs.find(runId);
  if (run === undefined || !maySeeRun(caller, run)) throw notFound('reconciliation run');
  return run;
}

/**
 * A difference that the caller may see: of an own run, or of an own person or institution.
 *
 * @throws AppError NOT_FOUND, also for somebody else's
 */
export async function visibleDifference(
  deps: { readonly runs: Pick<RunStore, 'find'>; readonly differences: Pick<DifferenceStore, 'find'> },
  caller: Principal,
  runId: number,
  differenceNo: number,
): Promise<{ readonly run: ReconciliationRun; readonly difference: RecordedDifference }> {
  const [run, difference] = await Promise.all([deps.runs.find(runId), deps.differences.find(runId, differenceNo)]);
  if (run === undefined || difference === undefined) throw notFound('difference');
  const county = countyOf(caller);
  const isConcerned = county !== undefined && countiesOf(run, difference).includes(county);
  if (!isConcerned && !maySeeRun(caller, run)) throw notFound('difference');
  return { run, difference };
}
