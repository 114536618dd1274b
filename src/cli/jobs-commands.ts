import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { StepReport } from '../app/clearing/run-clearing.ts';
import { listJobs, type JobList } from '../app/jobs/list-jobs.ts';
import type { JobRun } from '../app/jobs/ports.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadRules } from '../config/load-rules.ts';
import { openDatabase, type Database } from '../db/open-database.ts';
import { clearNow } from '../jobs/clearing-job.ts';
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

/** What a run came to, in a few words. */
function outcomeText({ outcome }: JobRun): string {
  if (outcome === undefined) return '';
  const { issued, code, message } = JSON.parse(outcome) as {
    issued?: readonly string[];
    code?: string;
    message?: string;
  };
  if (code !== undefined) return `${code}: ${message ?? ''}`;
  return issued === undefined || issued.length === 0 ? 'nothing was due' : `issued ${issued.join(' ')}`;
}

function progressText({ step, businessDate, done, total }: JobRun): string {
  const share = done === undefined || total === undefined ? '' : ` ${String(done)}/${String(total)}`;
  return step === undefined ? '' : `${step} ${businessDate ?? ''}${share}`;
}

function printList({ due, steps, runs }: JobList): void {
  console.log(`clearing, every night at ${CLEARING_TIME}; due: ${due.length === 0 ? 'nothing' : due.join(' ')}`);
  const months = steps.map(({ step, month, since }) => `${step} of ${month} (since ${since})`).join(', ');
  console.log(`calendar, every morning at ${CALENDAR_TIME}; due: ${months === '' ? 'nothing' : months}`);
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

async function run(date: string | undefined, { json }: JsonOption, waitMs = 0): Promise<void> {
  const regions = regionCodes();
  await withDatabase(async (database) => {
    const silent = { info: () => undefined, warn: () => undefined };
    const newId = createIdSource(() => clock.now());
    const runner = { leases: database.leaseStore, runs: database.jobRunStore, clock, newId, log: silent };
    const { clearingStore: store, clearingSteps: steps, windowReader: reader } = database;
    const progress = createProgress(process.stdout.isTTY && json !== true);
    const onStep = json === true ? undefined : showing(progress);
    const deadline = performance.now() + waitMs;
    const attempt = async () => {
      for (;;) {
        try {
          return await clearNow(runner, { store, steps, reader, regions, clock, onStep }, date);
        } catch (error) {
          // The lease of a runner that died is free when it has run out.
          const isHeld = error instanceof AppError && error.code === 'CLEARING_RUNS';
          if (!isHeld || performance.now() > deadline) throw error;
          await sleep(500);
        }
      }
    };
    const issued = await attempt();
    progress.end();
    const days = issued.map(({ businessDate }) => businessDate);
    if (json) console.log(JSON.stringify({ issued: days }, undefined, 2));
    else console.log(days.length === 0 ? 'nothing was due' : `issued ${days.join(' ')}`);
  });
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
    .description('run a job now')
    .argument('<job>', 'clearing')
    .option('--date <YYYY-MM-DD>', 'last business day to clear, today at most; whatever is due without it', parseDate)
    .option('--json', 'print what was issued as JSON')
    .action(async (job: string, options: JsonOption & { readonly date?: string }) => {
      if (job === 'clearing') return run(options.date, options);
      throw new AppError('UNKNOWN_JOB', `${job} is not a job: clearing`, { status: 400 });
    });
  jobs
    .command('resume')
    .description('go on where a run ended that died or failed; waits for the lease of one that died')
    .option('--json', 'print what was issued as JSON')
    .action((options: JsonOption) => run(undefined, options, LEASE_MS + 1000));
}
