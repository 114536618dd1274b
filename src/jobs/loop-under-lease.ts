import { AppError } from '../platform/errors.ts';
import { LEASE_MS, underLease, type LeaseDeps } from './lease.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What a loop under a lease needs from outside. */
export interface LoopDeps extends LeaseDeps {
  readonly log: Log;
}

/** One kind of work for one partner. */
export interface PartnerWork {
  readonly partner: string;
  /** Names the lease with the partner, and the work in the log. */
  readonly work: string;
  /** Goes on until the signal is aborted: the lease is lost or the process stops. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Works for one partner for as long as the process runs. Every partner has loops of its own, so that a silent one never
 * slows another; of all processes one does a partner's work at a time.
 */
export function loopUnderLease(deps: LoopDeps, { partner, work, run }: PartnerWork): { stop(): Promise<void> } {
  const stopping = new AbortController();

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await underLease(deps, `${work} ${partner}`, ({ signal }) => run(AbortSignal.any([signal, stopping.signal])));
      } catch (error) {
        // Whatever it was, what is to be done is still there; a loop that ends would leave it there.
        const code = error instanceof AppError ? error.code : 'INTERNAL';
        deps.log.warn({ partner, work, code, err: error }, 'work for a partner is interrupted');
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
