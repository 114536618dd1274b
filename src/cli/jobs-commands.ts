import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { StepReport } from '../app/clearing/run-clearing.ts';
import { listJobs, type JobList } from '../app/jobs/list-jobs.ts';
import type { JobRun } from '../app/jobs/ports.ts';
import { periodOf, type DueStep } from '../app/lifecycle/list-due-steps.ts';
import type { CalendarDone, CalendarProgress } from '../app/lifecycle/run-calendar.ts';
import { pairKey } from '../app/lifecycle/sum-period.ts';
import type { ClearingWindow } from '../app/clearing/ports.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadRules } from '../config/load-rules.ts';
import { openDatabase, type Database } from '../db/open-database.ts';
import { runNow, type AskedJob } from '../jobs/asked-job.ts';
import { calendarJob } from '../jobs/calendar-job.ts';
import { clearingAskedFor } from '../jobs/clearing-job.ts';
import { LEASE_MS } from '../jobs/lease.ts';
import { CALENDAR_TIME, CLEARING_TIME } from '../jobs/schedule.ts';
import { systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { createIdSource } from '../platform/ids.ts';
import { shanghaiInstant } from '../platform/instant.ts';
import { parseDate } from './clear-command.ts';
import { readCalendar } from './life-commands.ts';
import { createProgress, type Progress } from './progress.ts';
import { renderTable } from './terminal-table.ts';

interface JsonOption {
  readonly json?: true;
}

const JOBS = 'clearing or calendar';
const RUNS_SHOWN = 20;
const clock = systemClock;

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const { databaseUrl, dataDir } = readEnvironment();
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

function secondsOf({ startedAtMs, endedAtMs, reportedAtMs }: JobRun): string {
  return `${String(Math.max(0, (endedAtMs ?? reportedAtMs) - startedAtMs) / 1000)} s`;
}

function didText(did: readonly CalendarDone[]): string {
  if (did.length === 0) return 'nothing was due';
  return did.map(({ step, period, made }) => `${[step, period].join(' ').trim()}: ${String(made)}`).join(', ');
}

/** What a run came to, in a few words. */
function outcomeText({ outcome }: JobRun): string {
  if (outcome === undefined) return '';
  const { issued, did, code, message } = JSON.parse(outcome) as {
    issued?: readonly string[];
    did?: readonly CalendarDone[];
    code?: string;
    message?: string;
  };
  if (code !== undefined) return `${code}: ${message ?? ''}`;
  if (did !== undefined) return didText(did);
  return issued === undefined || issued.length === 0 ? 'nothing was due' : `issued ${issued.join(' ')}`;
}

function progressText({ step, businessDate, done, total }: JobRun): string {
  const share = done === undefined || total === undefined ? '' : ` ${String(done)}/${String(total)}`;
  return step === undefined ? '' : `${step} ${businessDate ?? ''}${share}`;
}

function stepText(due: DueStep): string {
  const pairs = due.step === 'resizing' ? ` for ${due.pairs.map(pairKey).join(' ')}` : '';
  return `${due.step} of ${periodOf(due)}${pairs} (since ${due.since})`;
}

function printList({ due, steps, runs }: JobList): void {
  console.log(`clearing, every night at ${CLEARING_TIME}; due: ${due.length === 0 ? 'nothing' : due.join(' ')}`);
  const words = steps.map(stepText).join(', ');
  console.log(`calendar, every morning at ${CALENDAR_TIME}; due: ${words === '' ? 'nothing' : words}`);
  const columns = ['run', 'job', 'state', 'started', 'took', 'at', 'outcome'].map((title) => {
    return { title, align: 'left' as const };
  });
  const rows = runs.map((run) => [
    run.runId,
    run.name,
    run.state,
    shanghaiInstant(run.startedAtMs).slice(0, 19).replace('T', ' '),
    secondsOf(run),
    progressText(run),
    outcomeText(run),
  ]);
  if (rows.length > 0) console.log(renderTable(columns, rows).join('\n'));
}

async function list({ json }: JsonOption): Promise<void> {
  const calendar = readCalendar(readEnvironment().configDir);
  await withDatabase(async ({ jobRunStore: runs, clearingStore: clearing, calendarStore, lifeQueries }) => {
    const lifecycle = { calendarStore, lifeQueries, calendar: () => calendar, clock };
    const jobs = await listJobs({ runs, clearing, lifecycle, clock }, RUNS_SHOWN);
    if (json) console.log(JSON.stringify({ schedule: CLEARING_TIME, ...jobs }, undefined, 2));
    else printList(jobs);
  });
}

/** A bar for each step of each day; only the pass over a window takes long enough to fill. */
function showing(progress: Progress): (report: StepReport) => void {
  let shown = '';
  return ({ step, phase, businessDate, done = 1, total = 1 }) => {
    // How many there are in a window is known with the first page of it.
    if (phase === 'begin' && step === 'reconcile') return;
    const label = `${step} ${businessDate}`;
    if (label !== shown && phase !== 'end') progress.begin(label, Math.max(total, 1));
    shown = label;
    if (phase === 'progress' || (phase === 'end' && step !== 'reconcile')) progress.at(done);
  };
}

function regionCodes(): string[] {
  const rules = loadRules(readEnvironment().configDir);
  if (rules.ok) return rules.regions.map(({ code }) => code);
  throw new AppError('BAD_RULES', 'the rules are refused', { status: 500, help: 'see tongjie policy check' });
}

/** A job as it is asked for here, and how what came of it is said. */
interface NamedJob<T> {
  readonly asked: AskedJob<T>;
  readonly toJson: (result: T) => object;
  readonly toText: (result: T) => string;
}

/** Runs a job; the lease of a runner that died is waited for as long as is said, which is until it has run out. */
async function attempt<T>(database: Database, asked: AskedJob<T>, waitMs: number): Promise<T> {
  const silent = { info: () => undefined, warn: () => undefined };
  const newId = createIdSource(() => clock.now());
  const runner = { leases: database.leaseStore, runs: database.jobRunStore, clock, newId, log: silent };
  const heldCode = asked.runsAlready().code;
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await runNow(runner, asked);
    } catch (error) {
      const isHeld = error instanceof AppError && error.code === heldCode;
      if (!isHeld || performance.now() > deadline) throw error;
      await sleep(500);
    }
  }
}

function clearingHere(database: Database, date: string | undefined, progress: Progress | undefined) {
  const { clearingStore: store, clearingSteps: steps, windowReader: reader } = database;
  const onStep = progress && showing(progress);
  const named: NamedJob<readonly ClearingWindow[]> = {
    asked: clearingAskedFor({ store, steps, reader, regions: regionCodes(), clock, onStep }, date),
    toJson: (issued) => ({ issued: issued.map(({ businessDate }) => businessDate) }),
    toText: (issued) =>
      issued.length === 0 ? 'nothing was due' : `issued ${issued.map(({ businessDate }) => businessDate).join(' ')}`,
  };
  return named;
}

function calendarHere(database: Database, progress: Progress | undefined) {
  const { lifeStore: life, lifeQueries, calendarStore } = database;
  const calendar = readCalendar(readEnvironment().configDir);
  const newId = createIdSource(() => clock.now());
  const onStep = ({ step, done, total }: CalendarProgress): void => {
    progress?.begin(step, total);
    progress?.at(done + 1);
  };
  const named: NamedJob<readonly CalendarDone[]> = {
    asked: calendarJob({ life, lifeQueries, calendarStore, calendar: () => calendar, clock, newId }, onStep),
    toJson: (did) => ({ did }),
    toText: didText,
  };
  return named;
}

async function runAndPrint<T>(
  database: Database,
  { asked, toJson, toText }: NamedJob<T>,
  progress: Progress | undefined,
  waitMs: number,
): Promise<void> {
  const result = await attempt(database, asked, waitMs).finally(() => progress?.end());
  console.log(progress === undefined ? JSON.stringify(toJson(result), undefined, 2) : toText(result));
}

interface RunOptions extends JsonOption {
  readonly date?: string;
}

async function run(job: string, { json, date }: RunOptions, waitMs = 0): Promise<void> {
  if (job !== 'clearing' && job !== 'calendar') {
    throw new AppError('UNKNOWN_JOB', `${job} is not a job: ${JOBS}`, { status: 400 });
  }
  if (job === 'calendar' && date !== undefined) {
    throw new AppError('INVALID_INPUT', 'the calendar takes no day: it does whatever is due', { status: 400 });
  }
  const progress = json === true ? undefined : createProgress(process.stdout.isTTY);
  await withDatabase((database) =>
    job === 'clearing'
      ? runAndPrint(database, clearingHere(database, date, progress), progress, waitMs)
      : runAndPrint(database, calendarHere(database, progress), progress, waitMs),
  );
}

/** `jobs`: what ran, what is due, how long it took; and running it by hand. */
export function addJobsCommands(program: Command): void {
  const jobs = program.command('jobs').description('what runs by itself: what ran, what is due, how long it took');
  jobs
    .command('list', { isDefault: true })
    .description('what is due, and the latest runs')
    .option('--json', 'print as JSON')
    .action(list);
  jobs
    .command('run')
    .description('run a job now: clearing, or what the calendar asks for (notices, payments, resizing, liquidation)')
    .argument('<job>', JOBS)
    .option('--date <YYYY-MM-DD>', 'last business day to clear, today at most; whatever is due without it', parseDate)
    .option('--json', 'print what was done as JSON')
    .action((job: string, options: RunOptions) => run(job, options));
  jobs
    .command('resume')
    .description('go on where a run ended that died or failed; waits for the lease of one that died')
    .argument('[job]', JOBS, 'clearing')
    .option('--json', 'print what was done as JSON')
    .action((job: string, options: JsonOption) => run(job, options, LEASE_MS + 1000));
}
