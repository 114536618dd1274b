/** The only source of time; tests and the sample day bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

const SHANGHAI_OFFSET_MS = 8 * 60 * 60 * 1000;

/** The day in Asia/Shanghai (UTC+8, no daylight saving since 1991) at an instant, `YYYY-MM-DD`. */
export function shanghaiDate(instantMs: number): string {
  return new Date(instantMs + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10);
}
