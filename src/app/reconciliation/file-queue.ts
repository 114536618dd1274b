import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../platform/errors.ts';
import { spoolFile } from '../../platform/spooled-file.ts';
import { checkPeriod, type SentFile } from './begin-run.ts';
import type { ReconciliationRun } from './ports.ts';
import { beginFile, finishFiles, type BegunFile, type ReconcileDeps } from './reconcile-files.ts';

/** What goes wrong after the answer has been given goes here. */
export interface QueueLog {
  warn(facts: object, message: string): void;
}

/** What the queue needs from outside. */
export interface QueueDeps extends Omit<ReconcileDeps, 'signal'> {
  readonly log: QueueLog;
}

/** Takes files as they come in, answers at once, and works them off in their order; what fits together, together. */
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

/** The first of some files and those that can be reconciled with it: of its window and kind, of a party each. */
function together(files: readonly BegunFile[]): readonly BegunFile[] {
  const first = files[0]?.run;
  const parties = new Set<string>();
  return files.filter(({ run: { source, windowId, party } }) => {
    const fits = source === first?.source && windowId === first.windowId && !parties.has(party);
    if (fits) parties.add(party);
    return fits;
  });
}

/** One pass at a time: reading takes a core, and settling must not notice. */
export function createFileQueue(deps: QueueDeps): FileQueue {
  const { folder, log } = deps;
  const stopping = new AbortController();
  const reconciling: ReconcileDeps = { ...deps, signal: stopping.signal };
  let last: Promise<void> = removeOld(folder, Date.now());
  /** Files that are on their way in, wait, or are read: each may be two gigabytes on the disk. */
  let taken = 0;
  let waiting: readonly BegunFile[] = [];

  /** Called once for every file that waits; what went along with an earlier one is not there any more. */
  async function workOff(): Promise<void> {
    const files = together(waiting);
    waiting = waiting.filter((each) => !files.includes(each));
    try {
      await finishFiles(reconciling, files);
    } catch (error) {
      const runIds = files.map(({ run }) => run.runId);
      if (!stopping.signal.aborted) log.warn({ runIds, err: error }, 'files could not be reconciled');
    } finally {
      taken -= files.length;
      for (const { sent } of files) await rm(sent.file.path, { force: true });
    }
  }

  return {
    async submit(about, content) {
      if (taken >= TAKEN_MAX) {
        throw new AppError('OVERLOADED', 'too many files are waiting', { status: 503, retryable: true });
      }
      taken += 1;
      let path: string | undefined;
      let begun: BegunFile;
      try {
        await checkPeriod(deps, about);
        const file = await spoolFile(content, folder);
        ({ path } = file);
        begun = await beginFile(reconciling, { ...about, file });
      } catch (error) {
        taken -= 1;
        if (path !== undefined) await rm(path, { force: true });
        throw error;
      }
      waiting = [...waiting, begun];
      last = last.then(workOff);
      return { run: begun.run, isNew: begun.isNew };
    },
    drained: () => last,
    async stop() {
      stopping.abort();
      await last;
    },
  };
}
