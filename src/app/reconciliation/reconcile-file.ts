import { fillRun, beginLoading, type LoadDeps, type OnProgress, type SentFile } from './load-file.ts';
import { matchRuns, type MatchDeps } from './match-runs.ts';
import type { ReconciliationRun, RunStore } from './ports.ts';

/** What reconciling a file needs from outside. */
export type ReconcileDeps = LoadDeps &
  MatchDeps & {
    readonly runs: RunStore;
    /** How often it is said that a file which waits or is worked on has not been forgotten. */
    readonly aliveEveryMs?: number;
  };

/** A run that has begun, and what is left to be done for it. */
export interface BegunRun {
  readonly run: ReconciliationRun;
  /** False where the same file was received before. */
  readonly isNew: boolean;
  /**
   * Loads and matches, and must be called, at once or later: until it ends the run is kept from others who have the same
   * file. Undefined where there is nothing left to do.
   */
  readonly finish: ((onProgress: OnProgress) => Promise<ReconciliationRun>) | undefined;
}

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
 * Takes a file: begins a run for it, and says how to go on. A file that is known is its run; one that was loaded by a
 * process that died before it was matched is matched.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, DATABASE_UNAVAILABLE (retryable)
 * @source design §10
 */
export async function beginReconciling(deps: ReconcileDeps, sent: SentFile): Promise<BegunRun> {
  const { run, isNew, isLeft } = await beginLoading(deps, sent);
  if (!isNew && !isLeft) return { run, isNew, finish: undefined };
  const rest = keepAlive(deps, run.runId);
  const finish = async (onProgress: OnProgress): Promise<ReconciliationRun> => {
    try {
      deps.signal?.throwIfAborted();
      const loaded = isNew ? await fillRun(deps, run, sent, onProgress) : run;
      if (loaded.state !== 'loaded') return loaded;
      const [matched] = await matchRuns(deps, [loaded]);
      return matched ?? loaded;
    } finally {
      rest();
    }
  };
  return { run, isNew, finish };
}
