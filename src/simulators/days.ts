import { shanghaiDate } from '../platform/clock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The day some days later, or earlier for a negative number; days are `YYYY-MM-DD`. */
export function addDays(date: string, days: number): string {
  return shanghaiDate(Date.parse(`${date}T12:00:00+08:00`) + days * DAY_MS);
}

/** The same day of the year some years later; 29 February becomes 1 March where it is missing. */
export function addYears(date: string, years: number): string {
  const year = Number(date.slice(0, 4)) + years;
  return shanghaiDate(Date.UTC(year, Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10)), 4));
}
