import { loopUnderLease, type LoopDeps } from './loop-under-lease.ts';
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
export interface DispatchLoopDeps extends LoopDeps {
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

/** Works off what is due for one partner, round by round, with pauses while it is quiet or the partner is down. */
export function startDispatchLoop(deps: DispatchLoopDeps, partner: string, work = 'outbox'): { stop(): Promise<void> } {
  const { dispatch } = deps;
  const pauses = { ...PAUSES, ...deps.pauses };

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

  return loopUnderLease(deps, { partner, work, run: workOff });
}
