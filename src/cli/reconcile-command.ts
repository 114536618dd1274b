import { basename } from 'node:path';
import { hostname, userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import type { ReconciliationRun } from '../app/reconciliation/ports.ts';
import { beginReconciling } from '../app/reconciliation/reconcile-file.ts';
import type { SentFile } from '../app/reconciliation/load-file.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load-config.ts';
import { isDate } from '../core/calendar.ts';
import { formatFen } from '../core/money/text.ts';
import { addTotals, compareTotals } from '../core/reconcile/totals.ts';
import { openDatabase, type Database } from '../db/open-database.ts';
import { systemClock } from '../platform/clock.ts';
import { AppError, invalidInput } from '../platform/errors.ts';
import { describeFile } from '../platform/spooled-file.ts';
import { createProgress } from './progress.ts';
import { groupThousands, renderTable } from './terminal-table.ts';

interface ReconcileOptions {
  readonly institution?: string;
  readonly fund?: string;
  readonly date: string;
  readonly json?: true;
}

function parseDate(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('it is not a day such as 2026-11-24.');
  return text;
}

/** Who the file is of, checked against the configuration. */
function partyOf(
  { institution, fund }: ReconcileOptions,
  configDir: string,
): Pick<SentFile, 'source' | 'party' | 'region'> {
  if ((institution === undefined) === (fund === undefined)) {
    throw invalidInput([{ field: '--institution, --fund', problem: 'one of the two says whose file it is' }]);
  }
  const loaded = loadConfig(configDir);
  if (!loaded.ok) {
    throw new AppError('BAD_RULES', 'the rules are refused', { status: 500, help: 'see tongjie policy check' });
  }
  const { institutions, rules } = loaded.config;
  const region =
    institution === undefined
      ? rules.regions.find(({ code }) => code === fund)?.code
      : institutions.get(institution)?.region;
  const party = institution ?? fund ?? '';
  if (region === undefined) {
    const field = institution === undefined ? '--fund' : '--institution';
    throw invalidInput([{ field, problem: `${party} is not configured` }]);
  }
  return { source: institution === undefined ? 'fund' : 'institution', party, region };
}

async function describe(path: string): Promise<SentFile['file']> {
  try {
    return await describeFile(path);
  } catch (cause) {
    throw new AppError('NO_SUCH_FILE', `${path} cannot be read`, { status: 404, cause });
  }
}

async function reconcileIn(database: Database, sent: SentFile, isQuiet: boolean): Promise<ReconciliationRun> {
  const { runs, matches } = database.reconciliation;
  const deps = { runs, matches, queries: database.settlementQueries, clock: systemClock };
  const { run, finish } = await beginReconciling(deps, sent);
  if (finish === undefined) return run;
  const progress = isQuiet ? undefined : createProgress(process.stdout.isTTY);
  let isBegun = false;
  const finished = await finish((done, total) => {
    if (!isBegun) progress?.begin('bytes read', Math.max(total, 1));
    isBegun = true;
    progress?.at(done);
  });
  progress?.end();
  return finished;
}

function toJson(run: ReconciliationRun, counts: Readonly<Record<string, number>>): string {
  const { runId, state, lines, differences, problems, sha256 } = run;
  return JSON.stringify(
    { runId, state, sha256, lines, result: resultOf(run), differences, counts, problems },
    undefined,
    2,
  );
}

function resultOf({ ourTotals, fileTotals }: ReconciliationRun): string | undefined {
  if (ourTotals === undefined || fileTotals === undefined) return undefined;
  return compareTotals(
    addTotals(ourTotals.settled, ourTotals.refunded),
    addTotals(fileTotals.settled, fileTotals.refunded),
  );
}

function totalsTable({ ourTotals, fileTotals }: ReconciliationRun): string[] {
  const rows = [
    ['ours', ourTotals],
    ['file', fileTotals],
  ] as const;
  const columns = ['', 'settlements', 'reversals', 'total', 'funds', 'accounts'].map((title, at) => {
    return { title, align: at === 0 ? ('left' as const) : ('right' as const) };
  });
  const money = (amount: number): string => groupThousands(formatFen(amount));
  return renderTable(
    columns,
    rows.flatMap(([name, totals]) => {
      if (totals === undefined) return [];
      const all = addTotals(totals.settled, totals.refunded);
      const counts = [totals.settled.settlements, totals.refunded.settlements].map(String);
      return [[name, ...counts, money(all.total), money(all.fundTotal), money(all.account)]];
    }),
  );
}

function report(run: ReconciliationRun, counts: Readonly<Record<string, number>>): string {
  const { runId, state, lines, differences, problems } = run;
  const head = `run ${runId}: ${state}, ${lines} lines, ${differences} differences`;
  const bad = problems.map(({ line, column, name, problem }) => `line ${line}, column ${column} ${name}: ${problem}`);
  const classes = Object.entries(counts).map(([kind, count]) => `  ${kind}: ${count}`);
  return [head, ...bad, ...(state === 'refused' ? [] : totalsTable(run)), ...classes].join('\n');
}

async function reconcile(path: string, options: ReconcileOptions): Promise<void> {
  const { databaseUrl, dataDir, configDir } = readEnvironment();
  const party = partyOf(options, configDir);
  const file = await describe(path);
  const sentBy = `${userInfo().username}@${hostname()}`.slice(0, 80);
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    const sent = { ...party, file, fileName: basename(path), businessDate: options.date, sentBy };
    const run = await reconcileIn(database, sent, options.json === true);
    const counts = await database.reconciliation.differences.countByClass(run.runId);
    console.log(options.json === true ? toJson(run, counts) : report(run, counts));
    if (run.state === 'refused') process.exitCode = 1;
  } finally {
    await database.close();
  }
}

/** `reconcile`: holds a hospital's or a home fund's file of one day against our books. */
export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description("load a hospital's or home fund's file of a closed day and match it both ways")
    .argument('<file>', 'CSV, or the form of 3202: TAB-separated text (.txt), or one in a ZIP file')
    .option('--institution <id>', 'institution whose file it is')
    .option('--fund <region>', 'home fund whose file it is')
    .requiredOption('--date <YYYY-MM-DD>', 'business day of the file', parseDate)
    .option('--json', 'print the run as JSON, without progress')
    .action(reconcile);
}
