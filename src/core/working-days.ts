import { nextDate, previousDate, type DateText } from './calendar.ts';

/** Days that are not as their weekday says: holidays, and weekend days on which everybody works instead. */
export interface WorkingCalendar {
  readonly holidays: ReadonlySet<DateText>;
  readonly workdays: ReadonlySet<DateText>;
}

/** Weekends and nothing else. */
export const PLAIN_WEEKS: WorkingCalendar = { holidays: new Set(), workdays: new Set() };

const MONTH_SHIFTS = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];

/** 0 is Sunday (Sakamoto's rule). */
function weekday(date: DateText): number {
  const month = Number(date.slice(5, 7));
  const year = Number(date.slice(0, 4)) - (month < 3 ? 1 : 0);
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  return (year + leapDays + (MONTH_SHIFTS[month - 1] ?? 0) + Number(date.slice(8, 10))) % 7;
}

/** Whether offices work on a day. */
export function isWorkingDay(date: DateText, { holidays, workdays }: WorkingCalendar): boolean {
  if (workdays.has(date)) return true;
  const day = weekday(date);
  return day !== 0 && day !== 6 && !holidays.has(date);
}

function step(date: DateText, days: number, calendar: WorkingCalendar, move: (date: DateText) => DateText): DateText {
  let at = date;
  for (let left = days; left > 0;) {
    at = move(at);
    if (isWorkingDay(at, calendar)) left -= 1;
  }
  return at;
}

/** The n-th working day after a day, which itself does not count. 0 leaves the day as it is. */
export function addWorkingDays(date: DateText, days: number, calendar: WorkingCalendar): DateText {
  return step(date, days, calendar, nextDate);
}

/** The n-th working day before a day, which itself does not count. */
export function subtractWorkingDays(date: DateText, days: number, calendar: WorkingCalendar): DateText {
  return step(date, days, calendar, previousDate);
}
