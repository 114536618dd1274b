import type { CalendarDeps } from '../app/lifecycle/calendar-deps.ts';
import { runCalendar, type CalendarDone, type CalendarProgress } from '../app/lifecycle/run-calendar.ts';
import { AppError } from '../platform/errors.ts';
import type { AskedJob } from './asked-job.ts';
import { keepJob, type RunnerDeps } from './runner.ts';
import { CALENDAR_TIME, everyNightAt } from './schedule.ts';

/** Name of the job and of its lease. */
const NAME = 'calendar';

function runsAlready(): AppError {
  return new AppError('CALENDAR_RUNS', 'the calendar is being seen to already', {
    status: 409,
    retryable: true,
    help: 'ask again in a moment: what is done by then is not done twice',
  });
}

/** What the calendar asks for today: notices, payments, resizing, liquidation; by night, or because somebody asks for it. */
export function calendarJob(
  deps: CalendarDeps,
  onStep?: (progress: CalendarProgress) => void,
): AskedJob<readonly CalendarDone[]> {
  const job: AskedJob<readonly CalendarDone[]>['job'] = {
    name: NAME,
    describe: (did) => ({ did }),
    work: ({ signal }, report) =>
      runCalendar(deps, {
        signal,
        async onStep(progress) {
          // On record first: whoever looks after a death sees what it died of.
          await report(progress);
          onStep?.(progress);
        },
      }),
  };
  return { job, runsAlready };
}

/** Sees to what the calendar asks for, every morning and after every start. */
export function startCalendar(runner: RunnerDeps, deps: CalendarDeps): { stop(): Promise<void> } {
  const job = keepJob(runner, calendarJob(deps).job);
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
