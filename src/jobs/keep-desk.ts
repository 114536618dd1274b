import type { Clock } from '../platform/clock.ts';
import type { Log } from './log.ts';
import { pause } from './pause.ts';

const EVERY_MS = 5000;

/** Something in memory that must be read again now and then, because other processes change what it stands for. */
export interface Kept {
  refresh(nowMs: number): Promise<void>;
}

/** Reads it again every few seconds for as long as the process runs. */
export function startKeeping(kept: Kept, clock: Clock, log: Log, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const stopping = new AbortController();
  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(everyMs, stopping.signal);
      await kept.refresh(clock.now()).catch((error: unknown) => {
        log.warn({ err: error }, 'what was taken on for home funds could not be read');
      });
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
