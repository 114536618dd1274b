import { dayOfMonth, type MonthText } from '../../core/calendar.ts';
import { firstTimelyMonth, liquidationDue, monthOfYear, noticeDate } from '../../core/lifecycle/deadlines.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import type { MonthlyNotice, Period, YearlyLiquidation } from './ports.ts';
import { payableOf } from './statement-acts.ts';
import { pairKey, sumPeriod } from './sum-period.ts';

function tooEarly(what: string, day: string): AppError {
  return new AppError('TOO_EARLY', `${what} is made on ${day}`, { status: 409, help: 'ask again on that day' });
}

/** Nothing is put on record of days that are not cleared yet. */
async function requireIssued({ calendarStore }: Pick<CalendarDeps, 'calendarStore'>, period: Period): Promise<void> {
  const windows = await calendarStore.unissued(period);
  if (windows === 0) return;
  throw new AppError('NOT_ISSUED', `${windows} windows from ${period.from} to ${period.to} are not issued yet`, {
    status: 409,
    help: 'clear them first',
  });
}

/**
 * Makes the notices of a month, one a pair: sums over the statements of its windows, late items flagged.
 *
 * @shape month → its notices; those that were made, when they were
 * @throws AppError TOO_EARLY before the calendar's day, NOT_ISSUED, and what the store throws
 * @source reference B.6
 */
export async function makeNotices(deps: CalendarDeps, month: MonthText): Promise<readonly MonthlyNotice[]> {
  const { calendarStore, clock } = deps;
  const calendar = deps.calendar();
  const day = noticeDate(calendar, month);
  if (shanghaiDate(clock.now()) < day) throw tooEarly(`the notice of ${month}`, day);
  const made = await calendarStore.notices(month);
  if (made.length > 0) return made;
  const period = { from: `${month}-01`, to: dayOfMonth(month, 31) };
  await requireIssued(deps, period);
  const pairs = await sumPeriod(calendarStore, period, clock.now());
  const late = await calendarStore.lateItems(period, `${firstTimelyMonth(calendar, month)}-01`);
  const lateItems = new Map(late.map(({ items, ...pair }) => [pairKey(pair), items]));
  await calendarStore.putNotices(
    pairs.map(({ sums }) => ({ ...sums, month, lateItems: lateItems.get(pairKey(sums)) ?? 0 })),
  );
  return calendarStore.notices(month);
}

/**
 * Liquidates a year, pair by pair: all of its windows, what was deducted and paid, what is still disputed, and the prefund.
 * Before the last day for it, only when all of the year is paid.
 *
 * @shape year → its liquidations; those that were made, when they were
 * @throws AppError TOO_EARLY, NOT_ISSUED, and what the store throws
 * @source reference B.6: at the latest in the first quarter of the next year
 */
export async function liquidateYear(deps: CalendarDeps, year: number): Promise<readonly YearlyLiquidation[]> {
  const { calendarStore, lifeQueries, clock } = deps;
  const made = await calendarStore.liquidations(year);
  if (made.length > 0) return made;
  const period = { from: `${monthOfYear(year, 1)}-01`, to: `${monthOfYear(year, 12)}-31` };
  await requireIssued(deps, period);
  const pairs = await sumPeriod(calendarStore, period, clock.now());
  const due = liquidationDue(deps.calendar(), year);
  const isPaid = pairs.every(({ statements }) => statements.every(({ state }) => state === 'paid'));
  const today = shanghaiDate(clock.now());
  if (today <= period.to || (today < due && !isPaid)) throw tooEarly(`the liquidation of ${year}`, due);
  const prefunds = new Map((await lifeQueries.prefunds()).map(({ balance, ...pair }) => [pairKey(pair), balance]));
  await calendarStore.putLiquidations(
    pairs.map(({ sums, statements }) => ({
      ...sums,
      year,
      paid: statements
        .filter(({ state }) => state === 'paid')
        .reduce((sum, statement) => sum + payableOf(statement), 0),
      prefund: prefunds.get(pairKey(sums)) ?? 0,
    })),
  );
  return calendarStore.liquidations(year);
}
