import { dayOfMonth, monthOf, shiftMonth, type DateText, type MonthText } from '../../core/calendar.ts';
import { instructDate, liquidationDue, monthOfYear, noticeDate } from '../../core/lifecycle/deadlines.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import type { Pair } from './ports.ts';
import { findDueResizing } from './resize-prefunds.ts';

/** How far back a process that was down for long looks for months that it missed. */
const MONTHS_BACK = 14;

/** What the calendar has still to do for a month, or for a year. */
export type DueStep = {
  /** The day on which it was due. */
  readonly since: DateText;
} & (
  | { readonly step: 'notices' | 'payments'; readonly month: MonthText }
  | {
      readonly step: 'resizing';
      readonly year: number;
      /** Those that are not resized yet. */
      readonly pairs: readonly Pair[];
    }
  | { readonly step: 'liquidation'; readonly year: number }
);

/** The month or the year that a step is for. */
export function periodOf(step: DueStep): string {
  return 'month' in step ? step.month : String(step.year);
}

/** What listing needs from outside. */
export type DueStepDeps = Pick<CalendarDeps, 'calendarStore' | 'lifeQueries' | 'calendar' | 'clock'>;

async function stepsOfMonth(deps: DueStepDeps, month: MonthText, today: DateText): Promise<DueStep[]> {
  const { calendarStore, lifeQueries, calendar } = deps;
  const due: DueStep[] = [];
  const [notices, payments] = [noticeDate(calendar(), month), instructDate(calendar(), month)];
  const period = { from: `${month}-01`, to: dayOfMonth(month, 31) };
  // A month in which nobody owed anything has no notice.
  const isNoticed = async (): Promise<boolean> =>
    (await calendarStore.notices(month)).length > 0 || (await calendarStore.statementsIn(period)).length === 0;
  if (notices <= today && !(await isNoticed())) due.push({ step: 'notices', month, since: notices });
  if (payments <= today && (await lifeQueries.run(month)) === undefined) {
    due.push({ step: 'payments', month, since: payments });
  }
  return due;
}

/** The steps of a year: resizing for it, and liquidating the one before. */
async function stepsOfYear(deps: DueStepDeps, year: number, today: DateText): Promise<DueStep[]> {
  const { calendarStore, calendar } = deps;
  const due: DueStep[] = [];
  const resizing = await findDueResizing(deps);
  if (resizing !== undefined && resizing.pairs.length > 0) due.push({ step: 'resizing', ...resizing });
  const since = liquidationDue(calendar(), year - 1);
  const isLiquidated = async (): Promise<boolean> => {
    const period = { from: `${monthOfYear(year - 1, 1)}-01`, to: `${monthOfYear(year - 1, 12)}-31` };
    return (
      (await calendarStore.liquidations(year - 1)).length > 0 || (await calendarStore.statementsIn(period)).length === 0
    );
  };
  if (since <= today && !(await isLiquidated())) due.push({ step: 'liquidation', year: year - 1, since });
  return due;
}

/**
 * Steps of the calendar whose day has come and that are not done, oldest first: those of the night before the job ran, and
 * those that wait for a window that is not issued.
 *
 * @throws what the stores throw
 */
export async function listDueSteps(deps: DueStepDeps): Promise<DueStep[]> {
  const first = await deps.calendarStore.firstDate();
  if (first === undefined) return [];
  const today = shanghaiDate(deps.clock.now());
  const due: DueStep[] = [];
  for (let back = MONTHS_BACK; back > 0; back--) {
    const month = shiftMonth(monthOf(today), -back);
    if (month >= monthOf(first)) due.push(...(await stepsOfMonth(deps, month, today)));
  }
  due.push(...(await stepsOfYear(deps, Number(today.slice(0, 4)), today)));
  return due.sort((one, other) => (one.since < other.since ? -1 : one.since > other.since ? 1 : 0));
}
