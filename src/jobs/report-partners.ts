import type { OperationState, PartnerStates } from '../app/partners/ports.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What reporting needs from outside. */
export interface ReportDeps {
  readonly states: () => readonly OperationState[];
  readonly store: Pick<PartnerStates, 'report'>;
  /** Names this process among those that run. */
  readonly process: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number;
  /** Also without any change so often, so that others know that this process runs. */
  readonly atLeastEveryMs?: number;
}

const EVERY_MS = 2_000;
const AT_LEAST_EVERY_MS = 30_000;

/** Tells the other processes how this one finds the partners, soon after something changed. */
export function startReporting(deps: ReportDeps): { stop(): Promise<void> } {
  const { everyMs = EVERY_MS, atLeastEveryMs = AT_LEAST_EVERY_MS } = deps;
  const stopping = new AbortController();
  let last = '';
  let lastAtMs = 0;

  async function report(): Promise<void> {
    const states = deps.states();
    const text = JSON.stringify(states);
    const atMs = deps.clock.now();
    if (states.length === 0 || (text === last && atMs - lastAtMs < atLeastEveryMs)) return;
    try {
      await deps.store.report(deps.process, states, atMs);
      [last, lastAtMs] = [text, atMs];
    } catch (error) {
      deps.log.warn({ err: error }, 'how partners do could not be reported');
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await report();
      await pause(everyMs, stopping.signal);
    }
    await report();
  }

  const looping = loop();
  return {
    async stop() {
      stopping.abort();
      await looping;
    },
  };
}
