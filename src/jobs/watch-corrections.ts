import type { Provisional, ProvisionalStore } from '../app/standin/ports.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

/** What watching corrections needs from outside. */
export interface WatchDeps {
  readonly provisionals: Pick<ProvisionalStore, 'correctedSince'>;
  readonly show: (corrected: Provisional) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number;
}

const EVERY_MS = 3000;
/** A correction is seen this long after its own instant at most: its transaction, and clocks that differ. */
const LATE_MS = 60_000;

/** Shows corrections where bills are shown, also those that another process made; each once. */
export function watchCorrections(deps: WatchDeps): { stop(): Promise<void> } {
  const { provisionals, show, clock, log, everyMs = EVERY_MS } = deps;
  const stopping = new AbortController();
  const startedMs = clock.now();
  const shown = new Map<string, number>();

  async function look(): Promise<void> {
    const sinceMs = Math.max(startedMs, clock.now() - LATE_MS);
    for (const one of await provisionals.correctedSince(sinceMs)) {
      if (shown.has(one.settlementId)) continue;
      shown.set(one.settlementId, one.resolvedAtMs ?? 0);
      await show(one);
    }
    for (const [id, atMs] of shown) if (atMs < sinceMs) shown.delete(id);
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      await look().catch((error: unknown) => log.warn({ err: error }, 'corrections could not be shown'));
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
