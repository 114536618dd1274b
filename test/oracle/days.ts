/** Calendar arithmetic by way of `Date` in UTC: a second opinion beside `src/core/calendar.ts`, which does without it. */

const DAY_MS = 86_400_000;

function instant(year: number, monthIndex: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, monthIndex, day);
  return date;
}

function read(text: string): Date {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return instant(year, month - 1, day);
}

function write(date: Date): string {
  return date.toISOString().slice(0, 10);
}

export function plusDays(text: string, days: number): string {
  return write(new Date(read(text).getTime() + days * DAY_MS));
}

export function daysFrom(from: string, to: string): number {
  return Math.round((read(to).getTime() - read(from).getTime()) / DAY_MS);
}

/** The same day of a later month; where `Date` would run over into the month after, the last day before that. */
export function plusMonths(text: string, months: number): string {
  const date = read(text);
  const moved = instant(date.getUTCFullYear(), date.getUTCMonth() + months, date.getUTCDate());
  const overrun = moved.getUTCDate() !== date.getUTCDate();
  return write(overrun ? instant(moved.getUTCFullYear(), moved.getUTCMonth(), 0) : moved);
}

/** Completed years: as many birthdays as lie on or before the day. One born on 29 February has it on 1 March. */
export function yearsOld(birth: string, on: string): number {
  const born = read(birth);
  const day = read(on);
  const years = day.getUTCFullYear() - born.getUTCFullYear();
  const birthday = instant(day.getUTCFullYear(), born.getUTCMonth(), born.getUTCDate());
  return day < birthday ? years - 1 : years;
}

/** First day of the benefit year around a day: the latest `MM-DD` that is not after it. */
export function yearAround(on: string, startsOn: string): string {
  const thisYear = `${on.slice(0, 4)}-${startsOn}`;
  if (read(thisYear) <= read(on)) return thisYear;
  return plusMonths(thisYear, -12);
}

export function exists(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = read(text);
  return !Number.isNaN(date.getTime()) && write(date) === text;
}
