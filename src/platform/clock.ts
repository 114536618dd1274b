/** The only source of time; tests and the sample day bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

const SHANGHAI_OFFSET_MS = 8 * 60 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;

let lastDay = { number: Number.NaN, text: '' };

/** The instant at which a day begins in Asia/Shanghai. */
export function shanghaiMidnight(date: string): number {
  return Date.parse(`${date}T00:00:00+08:00`);
}

/** The day in Asia/Shanghai (UTC+8, no daylight saving since 1991) at an instant, `YYYY-MM-DD`. */
export function shanghaiDate(instantMs: number): string {
  const number = Math.floor((instantMs + SHANGHAI_OFFSET_MS) / DAY_MS);
  // Asked several times for every bill of a day, and the answer changes once.
  if (lastDay.number !== number) lastDay = { number, text: new Date(number * DAY_MS).toISOString().slice(0, 10) };
  return lastDay.text;
}
