import { clearDue } from '../app/clearing/clear-due.ts';
import { clearUpTo, type ClearingDeps } from '../app/clearing/run-clearing.ts';
import type { ClearingWindow } from '../app/ports.ts';
import { AppError } from '../platform/errors.ts';
import { runJob, type Job, type RunnerDeps } from './runner.ts';

const NAME = 'clearing';

/** Clearing as it is done at night: whatever is due. */
export function clearingJob(deps: ClearingDeps): Job<readonly ClearingWindow[]> {
  return { name: NAME, work: ({ signal }) => clearDue({ ...deps, signal }) };
}

/**
 * Clearing because somebody asks for it, up to a day of their choice, today's too.
 *
 * @shape the windows issued, oldest first
 * @throws AppError CLEARING_RUNS (retryable) when another runner is at it, LEASE_LOST, and what clearUpTo throws
 */
export async function clearNow(
  runner: RunnerDeps,
  deps: ClearingDeps,
  businessDate: string,
): Promise<readonly ClearingWindow[]> {
  const outcome = await runJob(runner, {
    name: NAME,
    work: ({ signal }) => clearUpTo({ ...deps, signal }, businessDate),
  });
  if (outcome.kind === 'done') return outcome.result;
  throw new AppError('CLEARING_RUNS', 'clearing is running already', {
    status: 409,
    retryable: true,
    help: 'ask again in a moment: what is cleared by then is not cleared twice',
  });
}
