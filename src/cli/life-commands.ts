import { InvalidArgumentError, type Command } from 'commander';
import { listDeadlines } from '../app/lifecycle/list-deadlines.ts';
import { payableOf } from '../app/lifecycle/statement-acts.ts';
import { listPrefunds } from '../app/lifecycle/list-prefunds.ts';
import { loadCalendar } from '../config/load-calendar.ts';
import { loadWorkingDays } from '../config/load-working-days.ts';
import type { RuleError } from '../config/rule-error.ts';
import { readEnvironment } from '../config/environment.ts';
import { STATEMENT_STATES } from '../core/lifecycle/statement-states.ts';
import { formatFen } from '../core/money/text.ts';
import type { ClearingCalendar } from '../core/policy/clearing-calendar.ts';
import { openDatabase, type Database } from '../db/open-database.ts';
import { shanghaiDate, systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { groupThousands, renderTable } from './terminal-table.ts';

interface Options {
  readonly county?: string;
  readonly json?: true;
  readonly overdue?: true;
  readonly month?: string;
}

type Cells = readonly (string | number | boolean | undefined)[];

/** More than anybody reads at a terminal. */
const LIMIT = 1000;

/** The calendar of a configuration. */
export function readCalendar(configDir: string): ClearingCalendar {
  const errors: RuleError[] = [];
  const loaded = loadCalendar(configDir, loadWorkingDays(configDir, errors));
  if (loaded.ok && errors.length === 0) return loaded.calendar;
  const all = [...errors, ...(loaded.ok ? [] : loaded.errors)];
  const reasons = all.map(({ file, path, reason }) => `${file}: ${path} ${reason}`);
  throw new AppError('BAD_CALENDAR', reasons.join('\n'), { status: 500, help: 'correct the files named' });
}

async function withDatabase(work: (database: Database, calendar: ClearingCalendar) => Promise<void>): Promise<void> {
  const { databaseUrl, dataDir, configDir } = readEnvironment();
  const calendar = readCalendar(configDir);
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    await work(database, calendar);
  } finally {
    await database.close();
  }
}

/** The same rows as a table for a person, or as JSON with the titles as names. */
function print(titles: readonly string[], rows: readonly Cells[], { json }: Options, none: string): void {
  if (json) {
    const named = rows.map((row) => Object.fromEntries(titles.map((title, at) => [title, row[at]])));
    console.log(JSON.stringify(named, undefined, 2));
    return;
  }
  if (rows.length === 0) {
    console.log(none);
    return;
  }
  const isAmount = (cell: Cells[number]): boolean => typeof cell === 'string' && /^-?\d+\.\d{2}$/.test(cell);
  const columns = titles.map((title, at) => {
    return { title, align: rows.some((row) => isAmount(row[at])) ? ('right' as const) : ('left' as const) };
  });
  const texts = rows.map((row) =>
    row.map((cell) => (isAmount(cell) ? groupThousands(String(cell)) : String(cell ?? '—'))),
  );
  console.log(renderTable(columns, texts).join('\n'));
}

function showCalendar(options: Options): Promise<void> {
  return withDatabase(async ({ lifeQueries }, calendar) => {
    const deps = { lifeQueries, calendar: () => calendar, clock: systemClock };
    const all = await listDeadlines(deps, { county: options.county, limit: LIMIT });
    const rows = all
      .filter(({ overdue }) => options.overdue === undefined || overdue)
      .map(({ due, overdue, desk, step, subject, mediation }) => {
        return [due, overdue ? 'overdue' : '', desk, step, subject.kind, subject.id, mediation ? 'mediation' : ''];
      });
    print(['due', 'state', 'county', 'step', 'of', 'id', 'note'], rows, options, 'nothing is to be done');
    const year = shanghaiDate(systemClock.now()).slice(0, 4);
    const known = [...calendar.holidays].some((date) => date.startsWith(year));
    if (!known && options.json === undefined)
      console.log(`no holidays are known for ${year}: only weekends are left out`);
  });
}

function showStatements(options: Options): Promise<void> {
  return withDatabase(async ({ lifeQueries }) => {
    const statements = await lifeQueries.statements(STATEMENT_STATES, { county: options.county, limit: LIMIT });
    const rows = statements.map((statement) => [
      statement.statementId,
      statement.businessDate,
      statement.state,
      statement.settlements,
      formatFen(statement.owed),
      formatFen(statement.disputed),
      formatFen(payableOf(statement)),
      statement.runId,
    ]);
    const titles = ['statement', 'day', 'state', 'bills', 'owed', 'disputed', 'payable', 'run'];
    print(titles, rows, options, 'no statement is issued');
  });
}

function showPrefunds(options: Options): Promise<void> {
  return withDatabase(async ({ lifeQueries, calendarStore }, calendar) => {
    const deps = { lifeQueries, calendarStore, calendar: () => calendar, clock: systemClock };
    const prefunds = await listPrefunds(deps, options.month);
    const rows = prefunds
      .filter(({ homeRegion, treatmentRegion }) => [homeRegion, treatmentRegion, undefined].includes(options.county))
      .map(({ homeRegion, treatmentRegion, month, balance, cleared, usage, level, topUp, resizingSince }) => {
        const percent = usage === undefined ? undefined : formatFen(usage);
        return [
          homeRegion,
          treatmentRegion,
          month,
          formatFen(balance),
          formatFen(cleared),
          percent,
          level,
          formatFen(topUp),
          resizingSince,
        ];
      });
    const titles = ['home', 'treatment', 'month', 'balance', 'cleared', 'usage %', 'level', 'top-up', 'resizing since'];
    print(titles, rows, options, 'no prefund, and no business in that month');
  });
}

function parseMonth(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('it is not a month such as 2026-11.');
  return text;
}

/** `calendar`, `statements`, `prefund`: what a clerk wants to see, read only. */
export function addLifeCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--county <code>', 'only what concerns one county')
      .option('--json', 'print JSON');
  command('calendar', 'what is to be done by when: confirmations, answers, decisions, payments')
    .option('--overdue', 'only what is overdue')
    .action(showCalendar);
  command('statements', 'statements with where they are, what is disputed and what is payable').action(showStatements);
  command(
    'prefund',
    'balance and usage of each pair’s prefund, yellow and red, and which are due for this year’s resizing',
  )
    .option('--month <YYYY-MM>', 'month whose business counts; this one unless given', parseMonth)
    .action(showPrefunds);
}
