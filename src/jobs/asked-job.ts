import { AppError } from '../platform/errors.ts';
import { runJob, type Job, type RunnerDeps } from './runner.ts';

/** A job that somebody may ask for. */
export interface AskedJob<T> {
  readonly job: Job<T>;
  /** What is said when another runner is at it. */
  readonly runsAlready: () => AppError;
}

/**
 * Runs a job because somebody asks for it.
 *
 * @throws AppError what `runsAlready` makes when another runner is at it, LEASE_LOST, and what the job throws
 */
export async function runNow<T>(runner: RunnerDeps, { job, runsAlready }: AskedJob<T>): Promise<T> {
  const outcome = await runJob(runner, job);
  if (outcome.kind === 'done') return outcome.result;
  throw runsAlready();
}

/** Runs that were asked for and go on by themselves. */
export interface JobStarter {
  /**
   * Starts a run and does not wait for its end.
   *
   * @returns the run's id
   * @throws AppError what `runsAlready` makes, and what ends the job before it begins
   */
  start<T>(asked: AskedJob<T>): Promise<string>;
  /** Ends runs before their next step. */
  stop(): Promise<void>;
}

export function createJobStarter(runner: RunnerDeps): JobStarter {
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    start({ job, runsAlready }) {
      const begun = Promise.withResolvers<string>();
      const ending = runJob(runner, {
        ...job,
        onBegin: begun.resolve,
        work: ({ token, signal }, report) =>
          job.work({ token, signal: AbortSignal.any([signal, stopping.signal]) }, report),
      }).then(({ kind }) => {
        if (kind === 'heldElsewhere') throw runsAlready();
        return begun.promise;
      });
      const run = ending.then(
        () => undefined,
        (error: unknown) => {
          runner.log.warn({ job: job.name, err: error }, 'a run that was asked for failed');
        },
      );
      running.add(run);
      void run.finally(() => running.delete(run));
      return Promise.race([begun.promise, ending]);
    },
    async stop() {
      stopping.abort(new AppError('STOPPING', 'the process is stopping', { status: 503, retryable: true }));
      await Promise.all(running);
    },
  };
}
