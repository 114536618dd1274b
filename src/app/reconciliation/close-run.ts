import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../ports.ts';
import type { ReconciliationRun, RunStore } from './ports.ts';
import { visibleRun } from './visibility.ts';

/** What closing needs from outside. */
export interface CloseDeps {
  readonly runs: Pick<RunStore, 'find' | 'close'>;
  readonly clock: Clock;
}

/**
 * Closes a run whose differences are all decided: the period is reconciled for its party, and takes no further file.
 *
 * @throws AppError NOT_FOUND, RUN_UNDECIDED (differences are left, or the file is not matched)
 */
export async function closeRun(
  { runs, clock }: CloseDeps,
  caller: Principal,
  runId: number,
): Promise<ReconciliationRun> {
  const run = await visibleRun({ runs }, caller, runId);
  if (run.state === 'closed') return run;
  const isClosed = await runs.close(runId, caller.id, clock.now());
  if (!isClosed) {
    const message = run.state === 'matched' ? 'some differences are not decided' : `the run is ${run.state}`;
    throw new AppError('RUN_UNDECIDED', message, { status: 409, help: 'accept or refuse every difference first' });
  }
  return visibleRun({ runs }, caller, runId);
}
