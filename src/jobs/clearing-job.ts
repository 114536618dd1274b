import { clearDue } from '../app/clearing/clear-due.ts';
import { clearUpTo, type ClearingDeps, type StepReport } from '../app/clearing/run-clearing.ts';
import type { ClearingWindow } from '../app/ports.ts';
import { AppError } from '../platform/errors.ts';
import type { HeldLease } from './lease.ts';
import { runJob, type Job, type ReportProgress, type RunnerDeps } from './runner.ts';

/** Name of the job and of its lease. */
const NAME = 'clearing';

type Windows = readonly ClearingWindow[];

/** Clearing under a lease: its writes carry the lease's token, and its steps are told. */
function underFence(deps: ClearingDeps, { token, signal }: HeldLease, report: ReportProgress): ClearingDeps {
  const onStep = async (step: StepReport): Promise<void> => {
    await deps.onStep?.(step);
    if (step.phase === 'end') return;
    const { businessDate, done, total } = step;
    await report({ step: step.step, businessDate, done, total });
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

/**
 * Clearing because somebody asks for it, up to a day of their choice, today's too; without a day, whatever is due.
 *
 * @shape the windows issued, oldest first
 * @throws AppError CLEARING_RUNS (retryable) when another runner is at it, LEASE_LOST, and what clearUpTo throws
 */
export async function clearNow(
  runner: RunnerDeps,
  deps: ClearingDeps,
  businessDate: string | undefined,
): Promise<Windows> {
  const outcome = await runJob(runner, jobUpTo(deps, businessDate));
  if (outcome.kind === 'done') return outcome.result;
  throw runsAlready();
}

/** Runs that were asked for and go on by themselves. */
export interface ClearingStarter {
  /**
   * Starts a run and does not wait for its end.
   *
   * @returns the run's id
   * @throws AppError CLEARING_RUNS (retryable), INVALID_INPUT, DATABASE_UNAVAILABLE (retryable)
   */
  start(businessDate: string | undefined): Promise<string>;
  /** Ends runs before their next step. */
  stop(): Promise<void>;
}

export function createClearingStarter(runner: RunnerDeps, deps: ClearingDeps): ClearingStarter {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    start: (businessDate) =>
      new Promise((resolve, reject) => {
        const job = { ...jobUpTo({ ...deps, signal: stopping.signal }, businessDate), onBegin: resolve };
        const run = runJob(runner, job).then(
          ({ kind }) => {
            if (kind === 'heldElsewhere') reject(runsAlready());
          },
          (error: unknown) => {
            runner.log.warn({ job: NAME, err: error }, 'a run that was asked for failed');
            reject(
              error instanceof Error
                ? error
                : new AppError('JOB_FAILED', 'the run failed', { status: 500, cause: error }),
            );
          },
        );
        running.add(run);
        void run.finally(() => running.delete(run));
      }),
    async stop() {
      stopping.abort(new AppError('STOPPING', 'the process is stopping', { status: 503, retryable: true }));
      await Promise.all(running);
    },
  };
}
