import { beginRun, type BeginDeps, type SentFile } from './begin-run.ts';
import { compareFiles, type CompareDeps } from './compare-files.ts';
import { matchRuns, type MatchDeps } from './match-runs.ts';
import type { BegunRun, ReconciliationRun, RunStore } from './ports.ts';
import { readFile, type OnProgress, type ReadDeps, type FileToCompare } from './read-file.ts';
import { openReadingThreads } from './reading-threads.ts';

/** What reconciling files needs from outside. */
export type ReconcileDeps = BeginDeps &
  ReadDeps &
  CompareDeps &
  MatchDeps & {
    readonly runs: RunStore;
    /** How many files are read at once, each by a thread of its own; unless given, one. */
    readonly readers?: number;
    /** How often it is said that a file which waits or is worked on has not been forgotten. */
    readonly aliveEveryMs?: number;
  };

/** A file whose run has begun. {@link finishFiles} must be called with it: until then it is kept from others. */
export interface BegunFile extends BegunRun {
  readonly sent: SentFile;
  /** Others who have the same file may take it to be forgotten from now on. */
  release(): void;
}

/** Which file is being read, and how far. */
export type OnFileProgress = (sent: SentFile, ...progress: Parameters<OnProgress>) => void;

const ALIVE_EVERY_MS = 15_000;

/** Says that a run is worked on, until it is ended. */
function keepAlive({ runs, clock, aliveEveryMs = ALIVE_EVERY_MS }: ReconcileDeps, runId: number): () => void {
  const timer = setInterval(() => {
    // A database that is away for a moment hears of it the next time.
    runs.touch(runId, clock.now()).catch(() => undefined);
  }, aliveEveryMs).unref();
  return () => {
    clearInterval(timer);
  };
}

/**
 * Takes a file: begins a run for it, or finds the run of the same file.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, DATABASE_UNAVAILABLE (retryable)
 * @source design §10
 */
export async function beginFile(deps: ReconcileDeps, sent: SentFile): Promise<BegunFile> {
  const begun = await beginRun(deps, sent);
  const isOurs = begun.isNew || begun.isLeft;
  return { ...begun, sent, release: isOurs ? keepAlive(deps, begun.run.runId) : () => undefined };
}

/** Reads what is to be read, and keeps its order; what goes wrong with one file keeps no other from being reconciled. */
async function readAll(deps: ReconcileDeps, files: readonly BegunFile[], onProgress: OnFileProgress) {
  const read: (FileToCompare | undefined)[] = [];
  const failures: unknown[] = [];
  const threads = openReadingThreads();
  // The files that no reader has taken yet.
  const waiting = files.filter(({ isNew }) => isNew).entries();
  async function readOn(): Promise<void> {
    for (const [place, { run, sent }] of waiting) {
      try {
        read[place] = await readFile(deps, threads, run, sent, (...progress) => onProgress(sent, ...progress));
      } catch (error) {
        failures.push(error);
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: deps.readers ?? 1 }, readOn));
  } finally {
    await threads.close();
  }
  return { read: read.filter((file) => file !== undefined), failures };
}

/**
 * Reads, compares and matches files whose runs have begun: of one window and kind, a party each, because our side is gone
 * through once for them all. A run that was loaded by a process that died before it was matched is only matched; what was
 * received before, and is not ours to finish, stays as it is.
 *
 * @shape begun files → their runs, in the same order
 * @throws AppError DATABASE_UNAVAILABLE (retryable); what reading failed with, once all other files are reconciled
 * @source design §10
 */
export async function finishFiles(
  deps: ReconcileDeps,
  files: readonly BegunFile[],
  onProgress: OnFileProgress = () => undefined,
): Promise<readonly ReconciliationRun[]> {
  const { read, failures } = await readAll(deps, files, onProgress);
  try {
    const left = files.flatMap(({ run, isLeft }) => (isLeft ? [run] : []));
    deps.signal?.throwIfAborted();
    await matchRuns(deps, [...left, ...(await compareFiles(deps, read))]);
  } finally {
    for (const { staging } of read) await staging.close();
    for (const file of files) file.release();
  }
  if (failures.length > 0) throw failures[0];
  const runs = await Promise.all(files.map(({ run }) => deps.runs.find(run.runId)));
  return runs.flatMap((run) => run ?? []);
}

/**
 * Holds files of one window and kind, a party each, against our books.
 *
 * @shape files → their runs, `matched` or `refused`; as it is where somebody else has the same file
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, and what {@link finishFiles} does
 * @source design §10
 */
export async function reconcileFiles(
  deps: ReconcileDeps,
  sent: readonly SentFile[],
  onProgress?: OnFileProgress,
): Promise<readonly ReconciliationRun[]> {
  const begun: BegunFile[] = [];
  try {
    for (const each of sent) begun.push(await beginFile(deps, each));
  } catch (error) {
    for (const file of begun) file.release();
    throw error;
  }
  return finishFiles(deps, begun, onProgress);
}
