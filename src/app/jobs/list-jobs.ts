import { nextDate, type DateText } from '../../core/calendar.ts';
import { listDueSteps, type DueStep, type DueStepDeps } from '../lifecycle/list-due-steps.ts';
import type { Clock } from '../../platform/clock.ts';
import { lastDayOver } from '../clearing/clear-due.ts';
import type { ClearingStore } from '../clearing/ports.ts';
import type { JobRun, JobRunStore } from './ports.ts';

/** What listing jobs needs from outside. */
export interface JobListDeps {
  readonly runs: Pick<JobRunStore, 'latest'>;
  readonly clearing: Pick<ClearingStore, 'openWindow' | 'closedWindows'>;
  readonly lifecycle: DueStepDeps;
  readonly clock: Clock;
}

/** What jobs there are, what is due, and what ran. */
export interface JobList {
  /** Business days that clearing has before it, oldest first: closed ones that are not issued, and those that are over. */
  readonly due: readonly DateText[];
  /** What the calendar has before it, oldest first. */
  readonly steps: readonly DueStep[];
  /** Newest first. */
  readonly runs: readonly JobRun[];
}

/** Days are shown one by one up to so many: a clock that is years ahead must not make a list of years. */
const DUE_MAX = 400;

/**
 * What ran, what is due, and how long it took.
 *
 * @throws AppError NO_OPEN_WINDOW, DATABASE_UNAVAILABLE (retryable)
 */
export async function listJobs({ runs, clearing, lifecycle, clock }: JobListDeps, limit: number): Promise<JobList> {
  const [open, closed, latest] = [
    await clearing.openWindow(),
    await clearing.closedWindows(),
    await runs.latest(limit),
  ];
  const due = closed.map(({ businessDate }) => businessDate);
  const last = lastDayOver(clock.now());
  for (let day = open.businessDate; day <= last && due.length < DUE_MAX; day = nextDate(day)) due.push(day);
  return { due, steps: await listDueSteps(lifecycle), runs: latest };
}
