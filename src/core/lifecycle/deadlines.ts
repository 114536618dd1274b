import type { ClearingCalendar } from '../policy/clearing-calendar.ts';
import { dayOfMonth, isWeekend, monthOf, nextDate, shiftMonth, type DateText, type MonthText } from '../calendar.ts';

/** Whether offices and banks work on a day. */
export function isBusinessDay({ holidays, workdays }: ClearingCalendar, date: DateText): boolean {
  return workdays.has(date) || (!isWeekend(date) && !holidays.has(date));
}

/** The day after so many business days, not counting the first one. */
export function addBusinessDays(calendar: ClearingCalendar, from: DateText, days: number): DateText {
  let date = from;
  for (let left = days; left > 0;) {
    date = nextDate(date);
    if (isBusinessDay(calendar, date)) left -= 1;
  }
  return date;
}

/** The day on which the notices of a month are made. */
export function noticeDate(calendar: ClearingCalendar, month: MonthText): DateText {
  return dayOfMonth(shiftMonth(month, 1), calendar.noticeDay.value);
}

/** The day by which a statement of a business day is to be confirmed. Silence is no confirmation: it is overdue then. */
export function confirmDue(calendar: ClearingCalendar, businessDate: DateText): DateText {
  return dayOfMonth(shiftMonth(monthOf(businessDate), 1), calendar.confirmDay.value);
}

/** The day on which the payments of a month are instructed. */
export function instructDate(calendar: ClearingCalendar, month: MonthText): DateText {
  return dayOfMonth(shiftMonth(month, 1), calendar.instructDay.value);
}

/** The day by which something instructed, or reviewed, is to be paid. */
export function payDue(calendar: ClearingCalendar, instructedOn: DateText): DateText {
  return addBusinessDays(calendar, instructedOn, calendar.handoverDays.value + calendar.payDays.value);
}

/** The day by which an objection is to be answered. */
export function answerDue(calendar: ClearingCalendar, openedOn: DateText): DateText {
  return addBusinessDays(calendar, openedOn, calendar.answerDays.value);
}

/** The day by which an objection is to be decided, from its answer, or from when the answer was due. */
export function decisionDue(calendar: ClearingCalendar, answeredOn: DateText): DateText {
  return addBusinessDays(calendar, answeredOn, calendar.decisionDays.value);
}

/** The day by which a year is liquidated. */
export function liquidationDue({ liquidationMonth }: ClearingCalendar, year: number): DateText {
  return dayOfMonth(monthOfYear(year + 1, liquidationMonth.value), 31);
}

/** A month by its number. */
export function monthOfYear(year: number, month: number): MonthText {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;
}

/**
 * The first month of service that is not late in a month's business: anything before has slipped too long.
 *
 * @source reference B.6: late items may slip at most two months
 */
export function firstTimelyMonth({ lateMonths }: ClearingCalendar, month: MonthText): MonthText {
  return shiftMonth(month, -lateMonths.value);
}
