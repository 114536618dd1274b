import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or less long when the signal is aborted meanwhile; resolves in both cases. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
