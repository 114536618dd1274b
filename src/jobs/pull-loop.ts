import type { AppError } from '../platform/errors.ts';
import { loopUnderLease, type LoopDeps } from './loop-under-lease.ts';
import { pause } from './pause.ts';

/** What a pull loop needs from outside. */
export interface PullLoopDeps extends LoopDeps {
  /** One round with this partner; ends early when the signal is aborted. */
  readonly pull: (signal: AbortSignal) => Promise<{ readonly items: number; readonly error: AppError | undefined }>;
  /** Between rounds. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;

/** Asks one fund for what changed for as long as the process runs; of all processes one asks at a time. */
export function startPullLoop(deps: PullLoopDeps, partner: string): { stop(): Promise<void> } {
  const { log, pull, everyMs = EVERY_MS } = deps;
  let lastCode: string | undefined;

  async function pullOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { error } = await pull(signal);
      // Said once: a partner that is down for a night is no news every five seconds.
      if (error !== undefined && error.code !== lastCode) log.warn({ partner, code: error.code }, error.message);
      lastCode = error?.code;
      await pause(everyMs, signal);
    }
  }

  return loopUnderLease(deps, { partner, work: 'feeds', run: pullOn });
}
