import { monthOf, shiftMonth } from '../../core/calendar.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import { instructPayments } from './instruct-payments.ts';
import { liquidateYear, makeNotices } from './make-notices.ts';
import { undoDeductions } from './undo-deductions.ts';
import { resizePrefunds } from './watch-prefunds.ts';

/** How far back a process that was down for long looks for months that it missed. */
export const MONTHS_BACK = 14;

/** What the calendar enters as whoever entered it. */
const BY = 'calendar';

/** Runs a step; one that is not due yet, or whose days are not cleared, is left for another night. */
async function whenDue(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'TOO_EARLY' || error.code === 'NOT_ISSUED')) return false;
    throw error;
  }
}

/**
 * Does whatever the calendar says is due, month by month, oldest first: notices, payments, the yearly resizing and
 * liquidation, and takes back deductions of bills that were reversed since. Doing it again changes nothing.
 *
 * @throws what the stores throw, the signal's reason
 * @source design §9
 */
export async function runCalendar(deps: CalendarDeps, signal?: AbortSignal): Promise<void> {
  await undoDeductions(signal === undefined ? deps : { ...deps, signal });
  const first = await deps.calendarStore.firstDate();
  if (first === undefined) return;
  const thisMonth = monthOf(shanghaiDate(deps.clock.now()));
  for (let back = MONTHS_BACK; back > 0; back--) {
    signal?.throwIfAborted();
    const month = shiftMonth(thisMonth, -back);
    if (month < monthOf(first)) continue;
    await whenDue(() => makeNotices(deps, month));
    await whenDue(() => instructPayments(deps, month, BY));
  }
  const year = Number(thisMonth.slice(0, 4));
  const { resizeMonth } = deps.calendar();
  if (Number(first.slice(0, 4)) >= year) return;
  if (Number(thisMonth.slice(5)) >= resizeMonth.value) await whenDue(() => resizePrefunds(deps, year));
  await whenDue(() => liquidateYear(deps, year - 1));
}
