import { fillRun, beginLoading, type LoadDeps, type OnProgress, type SentFile } from './load-file.ts';
import { matchRuns, type MatchDeps } from './match-runs.ts';
import type { ReconciliationRun, RunStore } from './ports.ts';

/** What reconciling a file needs from outside. */
export type ReconcileDeps = LoadDeps & MatchDeps & { readonly runs: RunStore };

/** A run that has begun, and what is left to be done for it. */
export interface BegunRun {
  readonly run: ReconciliationRun;
  /** False where the same file was received before. */
  readonly isNew: boolean;
  /** Loads and matches; undefined where there is nothing left to do. */
  readonly finish: ((onProgress: OnProgress) => Promise<ReconciliationRun>) | undefined;
}

/**
 * Takes a file: begins a run for it, and says how to go on. A file that is known is its run; one that was loaded by a
 * process that died before it was matched is matched.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, DATABASE_UNAVAILABLE (retryable)
 * @source design §10
 */
export async function beginReconciling(deps: ReconcileDeps, sent: SentFile): Promise<BegunRun> {
  const { run, isNew } = await beginLoading(deps, sent);
  if (!isNew && run.state !== 'loaded') return { run, isNew, finish: undefined };
  const finish = async (onProgress: OnProgress): Promise<ReconciliationRun> => {
    const loaded = isNew ? await fillRun(deps, run, sent, onProgress) : run;
    if (loaded.state !== 'loaded') return loaded;
    const [matched] = await matchRuns(deps, [loaded]);
    return matched ?? loaded;
  };
  return { run, isNew, finish };
}
