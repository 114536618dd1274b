import { AppError } from '../platform/errors.ts';
import { LEASE_MS, underLease, type LeaseDeps } from './lease.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What one round of dispatching came to. */
export interface Round {
  readonly delivered: number;
  /** More is due: the next round may follow at once. */
  readonly more: boolean;
  /** The partner cannot take messages now. */
  readonly partnerDown: boolean;
}

/** What a dispatch loop needs from outside. */
export interface DispatchLoopDeps extends LeaseDeps {
  readonly log: Log;
  /** One round for this partner; ends early when the signal is aborted. */
  readonly dispatch: (signal: AbortSignal) => Promise<Round>;
  readonly pauses?: Partial<typeof PAUSES>;
}

const PAUSES = {
  /** Between rounds while there is traffic; doubled with each idle round. */
  busyMs: 100,
  idleMaxMs: 2000,
  /** After a round that the partner broke off; doubled each time. */
  downMs: 500,
  downMaxMs: 10_000,
};

/**
 * Works off one partner's messages for as long as the process runs. Every partner has a loop of its own, so that a silent
 * one never slows another; of all processes one works for a partner at a time.
 */
export function startDispatchLoop(deps: DispatchLoopDeps, partner: string, work = 'outbox'): { stop(): Promise<void> } {
  const { log, dispatch } = deps;
  const pauses = { ...PAUSES, ...deps.pauses };
  const stopping = new AbortController();

  async function workOff(signal: AbortSignal): Promise<void> {
    let idleMs = pauses.busyMs;
    let downMs = pauses.downMs;
    while (!signal.aborted) {
      const { delivered, more, partnerDown } = await dispatch(signal);
      if (partnerDown) {
        await pause(downMs, signal);
        downMs = Math.min(downMs * 2, pauses.downMaxMs);
        continue;
      }
      downMs = pauses.downMs;
      idleMs = delivered > 0 ? pauses.busyMs : Math.min(idleMs * 2, pauses.idleMaxMs);
      if (!more) await pause(idleMs, signal);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await underLease(deps, `${work} ${partner}`, ({ signal }) =>
          workOff(AbortSignal.any([signal, stopping.signal])),
        );
      } catch (error) {
        // Whatever it was, the messages are still there; a loop that ends would leave them there.
        const code = error instanceof AppError ? error.code : 'INTERNAL';
        log.warn({ partner, work, code, err: error }, 'work for a partner is interrupted');
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
