/** A day without time, `YYYY-MM-DD`. Such texts compare in calendar order. */
export type DateText = string;

const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Whether a text is a day that exists. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function partsOf(date: DateText): { year: number; month: number; day: number } {
  return { year: Number(date.slice(0, 4)), month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)) };
}

/** Days since 0001-01-01 in the Gregorian calendar, for differences only. */
function dayNumber(date: DateText): number {
  const { year, month, day } = partsOf(date);
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const leapThisYear = month > 2 && isLeapYear(year) ? 1 : 0;
  return before * 365 + leapDays + (DAYS_BEFORE_MONTH[month - 1] ?? 0) + leapThisYear + day;
}

function textOf(year: number, month: number, day: number): DateText {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Whole days from one date to a later one. */
export function daysBetween(from: DateText, to: DateText): number {
  return dayNumber(to) - dayNumber(from);
}

/** The day after. */
export function nextDate(date: DateText): DateText {
  const { year, month, day } = partsOf(date);
  if (day < daysInMonth(year, month)) return textOf(year, month, day + 1);
  return month === 12 ? textOf(year + 1, 1, 1) : textOf(year, month + 1, 1);
}

/** The day before. */
export function previousDate(date: DateText): DateText {
  const { year, month, day } = partsOf(date);
  if (day > 1) return textOf(year, month, day - 1);
  return month === 1 ? textOf(year - 1, 12, 31) : textOf(year, month - 1, daysInMonth(year, month - 1));
}

/** The same day some months later; the last day of the month where that day does not exist. */
export function addMonths(date: DateText, months: number): DateText {
  const { year, month, day } = partsOf(date);
  const index = year * 12 + month - 1 + months;
  const newYear = Math.floor(index / 12);
  const newMonth = (index % 12) + 1;
  return textOf(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
}

/** Completed years of age on a day. */
export function ageOn(birthDate: DateText, on: DateText): number {
  const years = Number(on.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return on.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** First day of the benefit year that a day lies in, for a year that starts on `MM-DD`. */
export function benefitYearStart(date: DateText, startsOn: string): DateText {
  const year = Number(date.slice(0, 4));
  const startYear = date.slice(5) >= startsOn ? year : year - 1;
  return `${String(startYear).padStart(4, '0')}-${startsOn}`;
}

/** A month, `YYYY-MM`. Such texts compare in calendar order. */
export type MonthText = string;

/** The month that a day lies in. */
export function monthOf(date: DateText): MonthText {
  return date.slice(0, 7);
}

/** A day of a month; its last day where the month is shorter. */
export function dayOfMonth(month: MonthText, day: number): DateText {
  const year = Number(month.slice(0, 4));
  const number = Number(month.slice(5, 7));
  return textOf(year, number, Math.min(day, daysInMonth(year, number)));
}

/** Some months later, or earlier when negative. */
export function shiftMonth(month: MonthText, months: number): MonthText {
  return monthOf(addMonths(`${month}-01`, months));
}

/** Whether a day is a Saturday or a Sunday. */
export function isWeekend(date: DateText): boolean {
  // 0001-01-01, the first day counted, was a Monday.
  return (dayNumber(date) - 1) % 7 >= 5;
}
