import { shanghaiDate } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import { instructPayments } from './instruct-payments.ts';
import { listDueSteps, periodOf, type DueStep } from './list-due-steps.ts';
import { liquidateYear, makeNotices } from './make-notices.ts';
import { resizePrefunds } from './resize-prefunds.ts';
import { undoDeductions } from './undo-deductions.ts';

/** What the calendar enters as whoever entered it. */
const BY = 'calendar';

/** What a run of the calendar did. */
export interface CalendarDone {
  readonly step: DueStep['step'] | 'deductions';
  /** The month or year that it was for; undefined for deductions taken back. */
  readonly period?: string;
  /** How many notices, payments, requests, liquidations or deductions. */
  readonly made: number;
}

/** How far a run of the calendar is. */
export interface CalendarProgress {
  /** With the month or year that it is for. */
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** How a run of the calendar is watched and ended. */
export interface CalendarWatch {
  readonly signal?: AbortSignal;
  /** Told before each step. */
  readonly onStep?: (progress: CalendarProgress) => void | Promise<void>;
}

/** Runs a step; one that is not due yet, or whose days are not cleared, is left for another night. */
async function whenDue(step: () => Promise<number>): Promise<number | undefined> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof AppError && (error.code === 'TOO_EARLY' || error.code === 'NOT_ISSUED')) return undefined;
    throw error;
  }
}

async function perform(deps: CalendarDeps, due: DueStep): Promise<number> {
  switch (due.step) {
    case 'notices':
      return (await makeNotices(deps, due.month)).length;
    case 'payments': {
      const { runId } = await instructPayments(deps, due.month, BY);
      return (await deps.lifeQueries.payments(runId, { limit: Number.MAX_SAFE_INTEGER })).length;
    }
    case 'resizing':
      return (await resizePrefunds(deps, due.year)).length;
    case 'liquidation':
      return (await liquidateYear(deps, due.year)).length;
  }
}

/** A year that is paid is liquidated before its last day. */
async function liquidateEarly(deps: CalendarDeps): Promise<CalendarDone | undefined> {
  const first = await deps.calendarStore.firstDate();
  const year = Number(shanghaiDate(deps.clock.now()).slice(0, 4)) - 1;
  if (first === undefined || Number(first.slice(0, 4)) > year) return undefined;
  if ((await deps.calendarStore.liquidations(year)).length > 0) return undefined;
  const made = await whenDue(async () => (await liquidateYear(deps, year)).length);
  return made === undefined || made === 0 ? undefined : { step: 'liquidation', period: String(year), made };
}

/**
 * Does whatever the calendar says is due, oldest first: notices, payments, the yearly resizing and liquidation, and takes
 * back deductions of bills that were reversed since. Doing it again changes nothing, wherever an earlier run ended.
 *
 * @shape what was done
 * @throws what the stores throw, the signal's reason
 * @source design §9
 */
export async function runCalendar(
  deps: CalendarDeps,
  { signal, onStep }: CalendarWatch = {},
): Promise<readonly CalendarDone[]> {
  const all: CalendarDone[] = [];
  const undone = await undoDeductions(signal === undefined ? deps : { ...deps, signal });
  if (undone > 0) all.push({ step: 'deductions', made: undone });
  const steps = await listDueSteps(deps);
  for (const [done, due] of steps.entries()) {
    const period = periodOf(due);
    await onStep?.({ step: `${due.step} ${period}`, done, total: steps.length });
    signal?.throwIfAborted();
    const made = await whenDue(() => perform(deps, due));
    if (made !== undefined) all.push({ step: due.step, period, made });
  }
  signal?.throwIfAborted();
  const early = await liquidateEarly(deps);
  return early === undefined ? all : [...all, early];
}
