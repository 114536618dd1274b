import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../platform/errors.ts';
import { spoolFile } from '../../platform/spooled-file.ts';
import { checkPeriod, type SentFile } from './load-file.ts';
import type { ReconciliationRun } from './ports.ts';
import { beginReconciling, type BegunRun, type ReconcileDeps } from './reconcile-file.ts';

/** What goes wrong after the answer has been given goes here. */
export interface QueueLog {
  warn(facts: object, message: string): void;
}

/** What the queue needs from outside. */
export interface QueueDeps extends Omit<ReconcileDeps, 'signal'> {
  /** Where files are kept while they are read. */
  readonly folder: string;
  readonly log: QueueLog;
}

/** Takes files as they come in, answers at once, and works them off one after the other. */
export interface FileQueue {
  /**
   * Receives a file. `isNew` is false where the same file was received before.
   *
   * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, OVERLOADED (retryable), and what the content fails with
   */
  submit(
    about: Omit<SentFile, 'file'>,
    content: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly run: ReconciliationRun; readonly isNew: boolean }>;
  /** Resolves when nothing is left to do. */
  drained(): Promise<void>;
  /** Ends what is under way between two steps; the same file can be sent again. */
  stop(): Promise<void>;
}

const TAKEN_MAX = 50;
const OLD_MS = 24 * 60 * 60 * 1000;

/** Files of a process that was killed while it read them. */
async function removeOld(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.upload'))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > OLD_MS) await rm(path, { force: true });
  }
}

/** One at a time: loading a file takes a core, and settling must not notice. */
export function createFileQueue(deps: QueueDeps): FileQueue {
  const { folder, log } = deps;
  const stopping = new AbortController();
  const reconciling: ReconcileDeps = { ...deps, signal: stopping.signal };
  let last: Promise<void> = removeOld(folder, Date.now());
  /** Files that are on their way in, wait, or are read: each may be two gigabytes on the disk. */
  let taken = 0;

  async function finish({ run, finish: work }: BegunRun, path: string): Promise<void> {
    try {
      await work?.(() => undefined);
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ runId: run.runId, err: error }, 'a file could not be reconciled');
    } finally {
      taken -= 1;
      await rm(path, { force: true });
    }
  }

  return {
    async submit(about, content) {
      if (taken >= TAKEN_MAX) {
        throw new AppError('OVERLOADED', 'too many files are waiting', { status: 503, retryable: true });
      }
      taken += 1;
      let path: string | undefined;
      let begun: BegunRun;
      try {
        await checkPeriod(deps, about);
        const file = await spoolFile(content, folder);
        ({ path } = file);
        begun = await beginReconciling(reconciling, { ...about, file });
      } catch (error) {
        taken -= 1;
        if (path !== undefined) await rm(path, { force: true });
        throw error;
      }
      const spooled = path;
      last = last.then(() => finish(begun, spooled));
      return { run: begun.run, isNew: begun.isNew };
    },
    drained: () => last,
    async stop() {
      stopping.abort();
      await last;
    },
  };
}
