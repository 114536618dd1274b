import { hostname } from 'node:os';
import type { JobProgress, JobRunStore } from '../app/jobs/ports.ts';
import { AppError } from '../platform/errors.ts';
import { underLease, type HeldLease, type LeaseDeps, type LeaseOutcome } from './lease.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What running jobs needs from outside. */
export interface RunnerDeps extends LeaseDeps {
  readonly log: Log;
  /** Where runs are recorded, so that people see what ran. */
  readonly runs?: JobRunStore | undefined;
  /** How long to wait before trying a job again that failed, or that another process was at. */
  readonly retryMs?: number;
}

/** Says how far a job is. */
export type ReportProgress = (progress: JobProgress) => Promise<void>;

/** A named piece of work, the same by name in all processes; it does whatever is due, and nothing when nothing is. */
export interface Job<T> {
  readonly name: string;
  readonly work: (lease: HeldLease, report: ReportProgress) => Promise<T>;
  /** What the record of the run says of its result. */
  readonly describe?: (result: T) => object;
  /** Told once that the lease is held and the run is on record. */
  readonly onBegin?: (runId: string) => void;
}

/** A job that is seen to. */
export interface KeptJob {
  /** Something may be due: runs the job soon, however often it is told so meanwhile. */
  trigger(): void;
  /** Ends the job before its next step and resolves when it has ended. */
  stop(): Promise<void>;
}

const RETRY_MS = 30_000;
/** A step is told at once, how far it is not more often than this. */
const REPORT_EVERY_MS = 500;

const HOLDER = `${hostname()} ${String(process.pid)}`;

function outcomeOf(error: unknown): object {
  if (!(error instanceof AppError)) return { code: 'INTERNAL', message: (error as Error).message };
  return { code: error.code, message: error.message, ...error.extra };
}

/** A reporter that tells each new step, and within a step now and then how far it is. */
function reporting({ runs, clock }: RunnerDeps, runId: string): ReportProgress {
  let told = { step: '', atMs: Number.NEGATIVE_INFINITY };
  return async (progress) => {
    const step = `${progress.step ?? ''} ${progress.businessDate ?? ''}`;
    const nowMs = performance.now();
    if (step === told.step && nowMs < told.atMs + REPORT_EVERY_MS) return;
    told = { step, atMs: nowMs };
    await runs?.report(runId, progress, clock.now());
  };
}

/**
 * Runs a job once, unless another process is at it, records it and logs how long it took.
 *
 * @throws what the job throws; LEASE_LOST; DATABASE_UNAVAILABLE (retryable)
 */
export async function runJob<T>(deps: RunnerDeps, job: Job<T>): Promise<LeaseOutcome<T>> {
  const { runs, clock, log, newId } = deps;
  const { name } = job;
  const startedMs = performance.now();
  return underLease(deps, name, async (lease) => {
    const runId = newId();
    const { token } = lease;
    await runs?.begin({ runId, name, holder: HOLDER, token, startedAtMs: clock.now() });
    job.onBegin?.(runId);
    try {
      const result = await job.work(lease, reporting(deps, runId));
      const tookMs = Math.round(performance.now() - startedMs);
      await runs?.end(runId, 'done', JSON.stringify({ ...job.describe?.(result), tookMs }), clock.now());
      log.info({ job: name, token, tookMs }, 'job done');
      return result;
    } catch (error) {
      // What went wrong matters more than that it could not be written down.
      await runs?.end(runId, 'failed', JSON.stringify(outcomeOf(error)), clock.now()).catch(() => undefined);
      throw error;
    }
  });
}

/** Whether the same will go wrong again until somebody does something about it. */
function isLasting(error: unknown): boolean {
  return error instanceof AppError && !error.retryable;
}

/**
 * Sees to it that a job gets done: at once, so that what was missed while nobody ran is caught up, and at each trigger.
 * When it fails, or another process is at it and may die over it, it is tried again until it has run to its end here, or
 * until it fails of something that trying again does not change.
 */
export function keepJob<T>(deps: RunnerDeps, job: Job<T>): KeptJob {
  const stopping = new AbortController();
  let wanted = true;
  let wake = (): void => undefined;

  async function attempt(): Promise<boolean> {
    try {
      const { kind } = await runJob(deps, {
        ...job,
        work: ({ token, signal }, report) =>
          job.work({ token, signal: AbortSignal.any([signal, stopping.signal]) }, report),
      });
      return kind === 'done';
    } catch (error) {
      const isOver = isLasting(error);
      const words = isOver ? 'job failed and waits for its next time' : 'job failed and is tried again';
      if (!stopping.signal.aborted) deps.log.warn({ job: job.name, err: error }, words);
      return isOver;
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
