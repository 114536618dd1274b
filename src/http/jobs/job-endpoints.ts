import type { JobRun } from '../../app/jobs/ports.ts';
import { notFound } from '../../platform/errors.ts';
import { optionalInstant, shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type { JobListView, JobRunView, StartRunAnswer, StartRunRequest } from '../schemas/jobs.ts';

function presentRun({ startedAtMs, reportedAtMs, endedAtMs, outcome, ...run }: JobRun): JobRunView {
  return {
    ...run,
    startedAt: shanghaiInstant(startedAtMs),
    reportedAt: shanghaiInstant(reportedAtMs),
    endedAt: optionalInstant(endedAtMs),
    outcome: outcome === undefined ? undefined : (JSON.parse(outcome) as Record<string, unknown>),
  };
}

const RUNS_SHOWN = 50;

/** GET /v1/jobs: what ran, what is due, how long it took. */
export async function listJobRuns({ jobs }: HttpDeps): Promise<Reply<JobListView>> {
  const { due, steps, runs } = await jobs.list(RUNS_SHOWN);
  const clearing = { name: 'clearing', schedule: `every night at ${jobs.clearingTime}`, due: [...due] };
  const calendar = {
    name: 'calendar',
    schedule: `every morning at ${jobs.calendarTime}`,
    due: steps.map(({ since }) => since),
    steps: steps.map((step) => (step.step === 'resizing' ? { ...step, pairs: [...step.pairs] } : step)),
  };
  return { status: 200, body: { jobs: [clearing, calendar], runs: runs.map(presentRun) } };
}

/** GET /v1/jobs/runs/:id: how far a run is. */
export async function getJobRun({ jobs }: HttpDeps, { params }: Call): Promise<Reply<JobRunView>> {
  const run = await jobs.find(params['id'] ?? '');
  if (run === undefined) throw notFound('run');
  return { status: 200, body: presentRun(run) };
}

/** POST /v1/jobs/clearing/runs: starts or resumes clearing and does not wait for its end. */
export async function startClearingRun(
  { jobs }: HttpDeps,
  { body }: Call<StartRunRequest>,
): Promise<Reply<StartRunAnswer>> {
  return { status: 202, body: { runId: await jobs.startClearing(body.businessDate) } };
}

/** POST /v1/jobs/calendar/runs: starts or resumes what the calendar asks for and does not wait for its end. */
export async function startCalendarRun({ jobs }: HttpDeps): Promise<Reply<StartRunAnswer>> {
  return { status: 202, body: { runId: await jobs.startCalendar() } };
}
