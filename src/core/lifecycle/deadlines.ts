import type { ClearingCalendar } from '../policy/clearing-calendar.ts';
import { dayOfMonth, monthOf, shiftMonth, type DateText, type MonthText } from '../calendar.ts';
import { addWorkingDays } from '../working-days.ts';

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
  return addWorkingDays(instructedOn, calendar.handoverDays.value + calendar.payDays.value, calendar);
}

/** The day by which an objection is to be answered. */
export function answerDue(calendar: ClearingCalendar, openedOn: DateText): DateText {
  return addWorkingDays(openedOn, calendar.answerDays.value, calendar);
}

/** The day by which an objection is to be decided, from its answer, or from when the answer was due. */
export function decisionDue(calendar: ClearingCalendar, answeredOn: DateText): DateText {
  return addWorkingDays(answeredOn, calendar.decisionDays.value, calendar);
}

/** The day by which a year is liquidated. */
export function liquidationDue({ liquidationMonth }: ClearingCalendar, year: number): DateText {
  return dayOfMonth(monthOfYear(year + 1, liquidationMonth.value), 31);
}

/** The day from which the prefunds are resized for a year. */
export function resizeDate({ resizeMonth }: ClearingCalendar, year: number): DateText {
  return `${monthOfYear(year, resizeMonth.value)}-01`;
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
