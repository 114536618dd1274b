import type { Clock } from '../../platform/clock.ts';
import { quiet } from '../../platform/quiet.ts';
import type { SentFile } from './begin-run.ts';
import type { LineForm } from './line-form.ts';
import type { ReconciliationRun, RunStore, RunTotals, StagedLines } from './ports.ts';
import type { LinesOut } from './read-lines.ts';
import type { ReadingThreads } from './reading-threads.ts';
import type { StagingFile } from './staging-file.ts';

/** What reading needs from outside. */
export interface ReadDeps {
  readonly runs: Pick<RunStore, 'append' | 'progress' | 'resolveRefunds' | 'refuse'>;
  readonly clock: Clock;
  /** Where lines are kept until they are compared. */
  readonly folder: string;
  /** Ends reading; the same file can be sent again. */
  readonly signal?: AbortSignal;
}

/** A file every line of which is good. */
export interface FileToCompare {
  readonly run: ReconciliationRun;
  readonly form: LineForm;
  readonly totals: RunTotals;
  /** Lines but for refunds, which are stored. Whoever has it closes it. */
  readonly staging: StagingFile;
}

/** How far reading is, of the unpacked file. */
export type OnProgress = LinesOut['progress'];

/** The database stores two parts while the next is read. */
const CALLS_AT_ONCE = 3;

/** Stores lines a few calls at a time; the last calls are waited for at the end. */
function createLineStore({ runs }: ReadDeps, runId: number) {
  const underWay: Promise<void>[] = [];
  return {
    async store(lines: StagedLines): Promise<void> {
      if (underWay.length === CALLS_AT_ONCE) await underWay.shift();
      underWay.push(quiet(runs.append(runId, lines)));
    },
    stored: () => Promise.all(underWay),
    ended: () => Promise.allSettled(underWay),
  };
}

/**
 * Reads the file of a run that has begun: every line is checked and kept for the comparison, on the local disk where it can
 * be; or the file is refused with all that is wrong (up to a hundred things) and nothing of it stays.
 *
 * @shape run, file → what is to be compared; undefined when it is refused
 * @throws AppError DATABASE_UNAVAILABLE (retryable); what the disk fails with; the signal's reason
 * @source design §10; chs-interface 4.2
 */
export async function readFile(
  deps: ReadDeps,
  threads: ReadingThreads,
  run: ReconciliationRun,
  sent: SentFile,
  onProgress: OnProgress = () => undefined,
): Promise<FileToCompare | undefined> {
  const { runs, clock, folder, signal } = deps;
  const { fileName, source, party, businessDate } = sent;
  const { path, bytes } = sent.file;
  const lines = createLineStore(deps, run.runId);
  let telling = Promise.resolve();
  const progress: OnProgress = (bytesDone, bytesTotal, read) => {
    onProgress(bytesDone, bytesTotal, read);
    telling = quiet(telling.then(() => runs.progress(run.runId, { bytesDone, bytesTotal, lines: read }, clock.now())));
  };
  try {
    const job = { path, bytes, fileName, source, party, businessDate, folder };
    const read = await threads.read(job, { progress, store: (staged) => lines.store(staged) }, signal);
    if ('problems' in read) {
      await Promise.allSettled([lines.ended(), telling]);
      await runs.refuse(run.runId, read.problems, clock.now());
      return undefined;
    }
    try {
      await lines.stored();
      await telling;
      if (read.totals.refunded.settlements > 0) await runs.resolveRefunds(run.runId);
    } catch (error) {
      await read.staging.close();
      throw error;
    }
    return { run, ...read };
  } finally {
    await Promise.allSettled([lines.ended(), telling]);
  }
}
