import { Worker } from 'node:worker_threads';
import { AppError } from '../../platform/errors.ts';
import type { LineForm } from './line-form.ts';
import type { LineProblem, RunTotals } from './ports.ts';
import type { LinesJob, LinesOut, ReadLines } from './read-lines.ts';
import { StagingFile, type HandedFile } from './staging-file.ts';

/** What a thread tells. After `store` it waits for an answer, which is nothing. */
export type FromThread =
  | { readonly kind: 'progress'; readonly progress: Parameters<LinesOut['progress']> }
  | { readonly kind: 'store'; readonly lines: number; readonly bytes: Uint8Array }
  | { readonly kind: 'read'; readonly form: LineForm; readonly totals: RunTotals; readonly handed: HandedFile }
  | { readonly kind: 'refused'; readonly problems: readonly LineProblem[] }
  | { readonly kind: 'failed'; readonly error: unknown };

const THREAD = new URL('./reading-thread.ts', import.meta.url);
/** Reading makes little garbage; a service's own young generation is made for settling. */
const LIMITS = { maxYoungGenerationSizeMb: 16 };

const RETRY = { status: 503, retryable: true, help: 'send the file again' };

/** Threads that read files, as many as are asked at once. */
export interface ReadingThreads {
  /** As {@link readLines}, beside this thread, which stays free to settle. */
  read(job: LinesJob, out: LinesOut, signal?: AbortSignal): Promise<ReadLines>;
  close(): Promise<void>;
}

/** Lets a thread read a file; answers what it tells on the way. */
async function readOn(
  worker: Worker,
  job: LinesJob,
  out: LinesOut,
  signal: AbortSignal | undefined,
): Promise<ReadLines> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadLines>();
  const hear = (message: FromThread): void => {
    switch (message.kind) {
      case 'progress':
        out.progress(...message.progress);
        return;
      case 'store':
        out
          .store({ lines: message.lines, bytes: Buffer.from(message.bytes) })
          .then(() => worker.postMessage(undefined), reject);
        return;
      case 'read':
        resolve({ form: message.form, totals: message.totals, staging: StagingFile.takeOver(message.handed) });
        return;
      case 'refused':
        resolve({ problems: message.problems });
        return;
      case 'failed':
        reject(message.error);
    }
  };
  const ended = (): void => reject(new AppError('READER_ENDED', 'the thread that reads files has ended', RETRY));
  const stop = (): void => reject(signal?.reason);
  worker.on('message', hear).on('error', reject).on('exit', ended);
  signal?.addEventListener('abort', stop);
  try {
    worker.postMessage(job);
    return await promise;
  } finally {
    signal?.removeEventListener('abort', stop);
    worker.off('message', hear).off('error', reject).off('exit', ended);
  }
}

/** A thread is started when none is free; one that failed, or was told to stop, is not used again. */
export function openReadingThreads(): ReadingThreads {
  const free: Worker[] = [];
  const all = new Set<Worker>();
  const end = async (worker: Worker): Promise<void> => {
    all.delete(worker);
    await worker.terminate();
  };

  return {
    async read(job, out, signal) {
      signal?.throwIfAborted();
      const worker = free.pop() ?? new Worker(THREAD, { resourceLimits: LIMITS });
      all.add(worker);
      try {
        const read = await readOn(worker, job, out, signal);
        free.push(worker);
        return read;
      } catch (error) {
        await end(worker);
        throw error;
      }
    },
    async close() {
      free.length = 0;
      for (const worker of all) await end(worker);
    },
  };
}
