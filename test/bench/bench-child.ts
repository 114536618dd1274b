import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of the bench that does one job at a time, so that it neither takes turns of our event loop nor loses its own. */
export interface BenchChild<Job, Result> {
  readonly pid: number;
  run(job: Job): Promise<Result>;
  stop(): Promise<void>;
}

type Reply<Result> = { readonly result: Result } | { readonly failure: string };

/** Starts a file that calls {@link answerJobs}. */
export function startChild<Job extends object, Result>(file: string): BenchChild<Job, Result> {
  // In this form an answer of undefined arrives, too.
  const child = fork(file, { execArgv: [], serialization: 'advanced' });
  const ended = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    run(job) {
      return new Promise((resolve, reject) => {
        const onEnd = (): void => {
          reject(new Error(`${file} ended while it had a job`));
        };
        child.once('exit', onEnd);
        child.once('message', (reply: Reply<Result>) => {
          child.removeListener('exit', onEnd);
          if ('result' in reply) resolve(reply.result);
          else reject(new Error(reply.failure));
        });
        child.send(job);
      });
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
    },
  };
}

/** The child's side: does jobs until its parent is gone. What a job is, parent and child agree upon. */
export function answerJobs(work: (job: never) => Promise<unknown>): void {
  const send = (reply: Reply<unknown>): void => {
    process.send?.(reply);
  };
  process.on('message', (job: unknown) => {
    work(job as never).then(
      (result) => {
        send({ result });
      },
      (error: unknown) => {
        send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      },
    );
  });
  process.once('disconnect', () => process.exit());
}
