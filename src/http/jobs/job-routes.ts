import { get, post, type Route } from '../route.ts';
import * as jobs from '../schemas/jobs.ts';
import * as problems from '../schemas/problems.ts';
import { getJobRun, listJobRuns, startCalendarRun, startClearingRun } from './job-endpoints.ts';

/** What runs by itself, and can be asked for. */
export const JOB_ROUTES: readonly Route[] = [
  get('/v1/jobs', {
    tag: 'Jobs',
    summary: 'What ran, what is due, how long it took.',
    callers: ['operator'],
    answers: { 200: jobs.jobList },
    handle: listJobRuns,
  }),
  get('/v1/jobs/runs/:id', {
    tag: 'Jobs',
    summary: 'How far a run is, or what it came to.',
    callers: ['operator'],
    answers: { 200: jobs.jobRun },
    problems: { 404: problems.problem },
    handle: getJobRun,
  }),
  post('/v1/jobs/clearing/runs', {
    tag: 'Jobs',
    summary: 'Start clearing, or resume where an earlier run ended, without waiting for its end.',
    callers: ['operator'],
    body: jobs.startRunRequest,
    answers: { 202: jobs.startRunAnswer },
    problems: { 409: problems.problem },
    handle: startClearingRun,
  }),
  post('/v1/jobs/calendar/runs', {
    tag: 'Jobs',
    summary: 'Start what the calendar asks for, or resume where an earlier run ended, without waiting for its end.',
    callers: ['operator'],
    answers: { 202: jobs.startRunAnswer },
    problems: { 409: problems.problem },
    handle: startCalendarRun,
  }),
];
