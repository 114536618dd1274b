import { AppError } from '../platform/errors.ts';
import { underLease, type HeldLease, type LeaseDeps, type LeaseOutcome } from './lease.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What running jobs needs from outside. */
export interface RunnerDeps extends LeaseDeps {
  readonly log: Log;
  /** How long to wait before trying a job again that failed, or that another process was at. */
  readonly retryMs?: number;
}

/** A named piece of work, the same by name in all processes; it does whatever is due, and nothing when nothing is. */
export interface Job<T> {
  readonly name: string;
  readonly work: (lease: HeldLease) => Promise<T>;
}

/** A job that is seen to. */
export interface KeptJob {
  /** Something may be due: runs the job soon, however often it is told so meanwhile. */
  trigger(): void;
  /** Ends the job before its next step and resolves when it has ended. */
  stop(): Promise<void>;
}

const RETRY_MS = 30_000;

/**
 * Runs a job once, unless another process is at it, and logs how long it took.
 *
 * @throws what the job throws; LEASE_LOST; DATABASE_UNAVAILABLE (retryable)
 */
export async function runJob<T>(deps: RunnerDeps, { name, work }: Job<T>): Promise<LeaseOutcome<T>> {
  const startedMs = performance.now();
  return underLease(deps, name, async (lease) => {
    const result = await work(lease);
    const tookMs = Math.round(performance.now() - startedMs);
    deps.log.info({ job: name, token: lease.token, tookMs }, 'job done');
    return result;
  });
}

/**
 * Sees to it that a job gets done: at once, so that what was missed while nobody ran is caught up, and at each trigger.
 * When it fails, or another process is at it and may die over it, it is tried again until it has run to its end here.
 */
export function keepJob(deps: RunnerDeps, job: Job<unknown>): KeptJob {
  const stopping = new AbortController();
  let wanted = true;
  let wake = (): void => undefined;

  async function attempt(): Promise<boolean> {
    try {
      const { kind } = await runJob(deps, {
        name: job.name,
        work: ({ token, signal }) => job.work({ token, signal: AbortSignal.any([signal, stopping.signal]) }),
      });
      return kind === 'done';
    } catch (error) {
      if (!stopping.signal.aborted) deps.log.warn({ job: job.name, err: error }, 'job failed and is tried again');
      return false;
    }
  }

  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (wanted) {
        wanted = false;
        if (await attempt()) continue;
        wanted = true;
        await pause(deps.retryMs ?? RETRY_MS, stopping.signal);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  const kept = keep();
  return {
    trigger() {
      wanted = true;
      wake();
    },
    async stop() {
      stopping.abort(new AppError('STOPPING', 'the process is stopping', { status: 503, retryable: true }));
      wake();
      await kept;
    },
  };
}
