import { AppError } from '../platform/errors.ts';
import { LEASE_MS, underLease, type LeaseDeps } from './lease.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What a pull loop needs from outside. */
export interface PullLoopDeps extends LeaseDeps {
  readonly log: Log;
  /** One round with this partner; ends early when the signal is aborted. */
  readonly pull: (signal: AbortSignal) => Promise<{ readonly items: number; readonly error: AppError | undefined }>;
  /** Between rounds. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;

/** Asks one fund for what changed for as long as the process runs; of all processes one asks at a time. */
export function startPullLoop(deps: PullLoopDeps, partner: string): { stop(): Promise<void> } {
  const { log, pull, everyMs = EVERY_MS } = deps;
  const stopping = new AbortController();
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

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await underLease(deps, `feeds ${partner}`, ({ signal }) => pullOn(AbortSignal.any([signal, stopping.signal])));
      } catch (error) {
        const code = error instanceof AppError ? error.code : 'INTERNAL';
        log.warn({ partner, code, err: error }, 'pulling is interrupted');
      }
      await pause((deps.leaseMs ?? LEASE_MS) / 3, stopping.signal);
    }
  }

  const looping = loop();
  return {
    async stop() {
      stopping.abort();
      await looping;
    },
  };
}
