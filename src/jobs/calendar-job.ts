import type { CalendarDeps } from '../app/lifecycle/calendar-deps.ts';
import { runCalendar } from '../app/lifecycle/run-calendar.ts';
import type { Job } from './runner.ts';

/** What the calendar asks for, whatever is due: notices, payments, resizing, liquidation. */
export function calendarJob(deps: CalendarDeps): Job<void> {
  return { name: 'calendar', work: ({ signal }) => runCalendar(deps, signal) };
}
