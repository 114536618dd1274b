import type { CalendarDeps } from '../app/lifecycle/calendar-deps.ts';
import { runCalendar } from '../app/lifecycle/run-calendar.ts';
import { keepJob, type RunnerDeps } from './runner.ts';
import { CALENDAR_TIME, everyNightAt } from './schedule.ts';

/** Sees to what the calendar asks for, every morning and after every start: notices, payments, resizing, liquidation. */
export function startCalendar(runner: RunnerDeps, deps: CalendarDeps): { stop(): Promise<void> } {
  const job = keepJob(runner, { name: 'calendar', work: ({ signal }) => runCalendar(deps, signal) });
  const dawn = everyNightAt(CALENDAR_TIME, () => {
    job.trigger();
  });
  return {
    async stop() {
      await dawn.stop();
      await job.stop();
    },
  };
}
