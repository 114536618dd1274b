import { basename, join } from 'node:path';
import { availableParallelism, hostname, userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import type { ReconciliationRun } from '../app/reconciliation/ports.ts';
import type { SentFile } from '../app/reconciliation/begin-run.ts';
import { reconcileFiles } from '../app/reconciliation/reconcile-files.ts';
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
  readonly institution?: readonly string[];
  readonly fund?: readonly string[];
  readonly date: string;
  readonly json?: true;
}

type Party = Pick<SentFile, 'source' | 'party' | 'region'>;

function parseDate(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('it is not a day such as 2026-11-24.');
  return text;
}

const collect = (one: string, before: readonly string[] = []): readonly string[] => [...before, one];

/** Whose the files are, checked against the configuration. */
function partiesOf(files: number, { institution, fund }: ReconcileOptions, configDir: string): readonly Party[] {
  const parties = institution ?? fund ?? [];
  if (parties.length !== files || (institution !== undefined && fund !== undefined)) {
    const problem = 'one of the two says whose file it is, for each file in their order';
    throw invalidInput([{ field: '--institution, --fund', problem }]);
  }
  const field = institution === undefined ? '--fund' : '--institution';
  const twice = parties.find((party, at) => parties.indexOf(party) !== at);
  if (twice !== undefined) throw invalidInput([{ field, problem: `${twice} has one file of a day` }]);
  const loaded = loadConfig(configDir);
  if (!loaded.ok) {
    throw new AppError('BAD_RULES', 'the rules are refused', { status: 500, help: 'see tongjie policy check' });
  }
  const { institutions, rules } = loaded.config;
  return parties.map((party) => {
    const region =
      institution === undefined
        ? rules.regions.find(({ code }) => code === party)?.code
        : institutions.get(party)?.region;
    if (region === undefined) throw invalidInput([{ field, problem: `${party} is not configured` }]);
    return { source: institution === undefined ? 'fund' : 'institution', party, region };
  });
}

async function describe(path: string): Promise<SentFile['file']> {
  try {
    return await describeFile(path);
  } catch (cause) {
    throw new AppError('NO_SUCH_FILE', `${path} cannot be read`, { status: 404, cause });
  }
}

async function reconcileIn(
  database: Database,
  sent: readonly SentFile[],
  dataDir: string,
  isQuiet: boolean,
): Promise<readonly ReconciliationRun[]> {
  const queries = database.settlementQueries;
  const about = { queries, clock: systemClock, folder: join(dataDir, 'uploads'), readers: availableParallelism() };
  const progress = isQuiet ? undefined : createProgress(process.stdout.isTTY);
  const bytes = sent.reduce((sum, { file }) => sum + file.bytes, 0);
  const read = new Map<SentFile, number>();
  progress?.begin('bytes of files read', Math.max(bytes, 1));
  const runs = await reconcileFiles({ ...database.reconciliation, ...about }, sent, (each, done, total) => {
    // A packed file counts with its size as it is.
    read.set(each, Math.round((done / Math.max(total, 1)) * each.file.bytes));
    progress?.at([...read.values()].reduce((sum, one) => sum + one, 0));
  });
  progress?.end();
  return runs;
}

type Counts = Readonly<Record<string, number>>;

function jsonOf(run: ReconciliationRun, counts: Counts): object {
  const { runId, state, lines, differences, problems, sha256 } = run;
  return { runId, state, sha256, lines, result: resultOf(run), differences, counts, problems };
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

function report(run: ReconciliationRun, counts: Counts): string {
  const { runId, state, lines, differences, problems } = run;
  const head = `run ${runId}: ${state}, ${lines} lines, ${differences} differences`;
  const bad = problems.map(({ line, column, name, problem }) => `line ${line}, column ${column} ${name}: ${problem}`);
  const classes = Object.entries(counts).map(([kind, count]) => `  ${kind}: ${count}`);
  return [head, ...bad, ...(state === 'refused' ? [] : totalsTable(run)), ...classes].join('\n');
}

async function reconcile(paths: readonly string[], options: ReconcileOptions): Promise<void> {
  const { databaseUrl, dataDir, configDir } = readEnvironment();
  const parties = partiesOf(paths.length, options, configDir);
  const files = await Promise.all(paths.map(describe));
  const sentBy = `${userInfo().username}@${hostname()}`.slice(0, 80);
  const sent = parties.map((party, at) => {
    const fileName = basename(paths[at] ?? '');
    return { ...party, file: files[at] as SentFile['file'], fileName, businessDate: options.date, sentBy };
  });
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    const runs = await reconcileIn(database, sent, dataDir, options.json === true);
    const counts = await Promise.all(runs.map(({ runId }) => database.reconciliation.differences.countByClass(runId)));
    const told = runs.map((run, at) => [run, counts[at] ?? {}] as const);
    const objects = told.map(([run, counted]) => jsonOf(run, counted));
    if (options.json === true) console.log(JSON.stringify(paths.length === 1 ? objects[0] : objects, undefined, 2));
    else console.log(told.map(([run, counted]) => report(run, counted)).join('\n\n'));
    if (runs.some(({ state }) => state === 'refused')) process.exitCode = 1;
  } finally {
    await database.close();
  }
}

/** `reconcile`: holds files of hospitals or home funds of one day against our books. */
export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('read files of hospitals or home funds of a closed day and match them both ways')
    .argument('<files...>', 'CSV, or the form of 3202: TAB-separated text (.txt), or one in a ZIP file')
    .option('--institution <id>', 'institution whose file it is; once for each file, in their order', collect)
    .option('--fund <region>', 'home fund whose file it is; once for each file, in their order', collect)
    .requiredOption('--date <YYYY-MM-DD>', 'business day of the files', parseDate)
    .option('--json', 'print the run (of several files: the runs) as JSON, without progress')
    .action(reconcile);
}
