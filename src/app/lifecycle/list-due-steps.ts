import { dayOfMonth, monthOf, shiftMonth, type DateText, type MonthText } from '../../core/calendar.ts';
import { instructDate, noticeDate } from '../../core/lifecycle/deadlines.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import { MONTHS_BACK } from './run-calendar.ts';

/** What the calendar has still to do for a month. */
export interface DueStep {
  readonly step: 'notices' | 'payments';
  readonly month: MonthText;
  /** The day on which it was due. */
  readonly since: DateText;
}

/** What listing needs from outside. */
export type DueStepDeps = Pick<CalendarDeps, 'calendarStore' | 'lifeQueries' | 'calendar' | 'clock'>;

/**
 * Monthly steps whose day has come and that are not done, oldest first: those of the night before the job ran, and those that
 * wait for a window that is not issued.
 */
export async function listDueSteps({ calendarStore, lifeQueries, calendar, clock }: DueStepDeps): Promise<DueStep[]> {
  const first = await calendarStore.firstDate();
  const today = shanghaiDate(clock.now());
  const due: DueStep[] = [];
  for (let back = MONTHS_BACK; back > 0 && first !== undefined; back--) {
    const month = shiftMonth(monthOf(today), -back);
    if (month < monthOf(first)) continue;
    const [notices, payments] = [noticeDate(calendar(), month), instructDate(calendar(), month)];
    const period = { from: `${month}-01`, to: dayOfMonth(month, 31) };
    // A month in which nobody owed anything has no notice.
    const isNoticed = async (): Promise<boolean> =>
      (await calendarStore.notices(month)).length > 0 || (await calendarStore.statementsIn(period)).length === 0;
    if (notices <= today && !(await isNoticed())) due.push({ step: 'notices', month, since: notices });
    if (payments <= today && (await lifeQueries.run(month)) === undefined) {
      due.push({ step: 'payments', month, since: payments });
    }
  }
  return due.sort((one, other) => (one.since < other.since ? -1 : 1));
}
