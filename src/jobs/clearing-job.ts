import { clearDue } from '../app/clearing/clear-due.ts';
import { clearUpTo, type ClearingDeps, type StepReport } from '../app/clearing/run-clearing.ts';
import type { ClearingWindow } from '../app/clearing/ports.ts';
import { AppError } from '../platform/errors.ts';
import { runNow, type AskedJob } from './asked-job.ts';
import type { HeldLease } from './lease.ts';
import type { Job, ReportProgress, RunnerDeps } from './runner.ts';

/** Name of the job and of its lease. */
const NAME = 'clearing';

type Windows = readonly ClearingWindow[];

/** Clearing under a lease: its writes carry the lease's token, and its steps are told. */
function underFence(deps: ClearingDeps, { token, signal }: HeldLease, report: ReportProgress): ClearingDeps {
  const onStep = async (step: StepReport): Promise<void> => {
    // On record first: whoever looks after a death sees what it died of.
    const { businessDate, done, total } = step;
    if (step.phase !== 'end') await report({ step: step.step, businessDate, done, total });
    await deps.onStep?.(step);
  };
  const until = deps.signal === undefined ? signal : AbortSignal.any([signal, deps.signal]);
  return { ...deps, signal: until, fence: { lease: NAME, token }, onStep };
}

function describe(issued: Windows): object {
  return { issued: issued.map(({ businessDate }) => businessDate) };
}

/** Clearing as it is done at night: whatever is due. */
export function clearingJob(deps: ClearingDeps): Job<Windows> {
  return { name: NAME, describe, work: (lease, report) => clearDue(underFence(deps, lease, report)) };
}

function jobUpTo(deps: ClearingDeps, businessDate: string | undefined): Job<Windows> {
  if (businessDate === undefined) return clearingJob(deps);
  return {
    name: NAME,
    describe,
    work: (lease, report) => clearUpTo(underFence(deps, lease, report), businessDate),
  };
}

function runsAlready(): AppError {
  return new AppError('CLEARING_RUNS', 'clearing is running already', {
    status: 409,
    retryable: true,
    help: 'ask again in a moment: what is cleared by then is not cleared twice',
  });
}

/** Clearing that somebody asks for, up to a day of their choice, today's too; without a day, whatever is due. */
export function clearingAskedFor(deps: ClearingDeps, businessDate: string | undefined): AskedJob<Windows> {
  return { job: jobUpTo(deps, businessDate), runsAlready };
}

/**
 * Clears because somebody asks for it.
 *
 * @shape the windows issued, oldest first
 * @throws AppError CLEARING_RUNS (retryable) when another runner is at it, LEASE_LOST, and what clearUpTo throws
 */
export function clearNow(runner: RunnerDeps, deps: ClearingDeps, businessDate: string | undefined): Promise<Windows> {
  return runNow(runner, clearingAskedFor(deps, businessDate));
}
