import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { reconcileFiles, type ReconcileDeps } from '../../src/app/reconciliation/reconcile-files.ts';
import type { ReconciliationRun } from '../../src/app/reconciliation/ports.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { describeFile } from '../../src/platform/spooled-file.ts';
import { zipText } from '../../src/platform/zip-writer.ts';
import { startPrivateMariadb } from '../support/private-mariadb.ts';
import { reportText, type Report, type Row } from './report.ts';
import type { Scenario } from './scenario.ts';

/** How large the day is, how many hospitals share it, and how their files are written. */
export interface ReconcileOptions {
  readonly lines: number;
  readonly hospitals: number;
  /** How many of them send their file; all of them, unless given. */
  readonly files?: number;
  readonly form: 'csv' | 'chs';
  /** In no order of ids at all, as from a hospital that sorts by something of its own. */
  readonly unsorted?: boolean;
}

const DATE = '2026-11-24';
const WINDOW = 1;
const STEP = 500_000;

/** Every so many settlements one is planted wrong, in one of five ways. */
const PLANT_EVERY = 10_000;
const WAYS = 5;
/** A prime: its multiples, modulo a count, are all numbers below it in another order. */
const SHUFFLE = 999_983;

const hospitalId = (index: number): string => `H330421${String(index).padStart(5, '0')}`;
const settlementId = (seq: number): string => `01kz${String(seq).padStart(14, '0')}`;

/** Settlements of one window by the sequence engine, without a table; ids in order, hospitals in turn. */
async function generate(sql: Connection, { lines, hospitals }: ReconcileOptions, log: (text: string) => void) {
  for (let from = 1; from <= lines; from += STEP) {
    const to = Math.min(lines, from + STEP - 1);
    const hospital = `CONCAT('H330421', LPAD(s.seq % ${hospitals}, 5, '0'))`;
    const [total, fund, account] = ['20000 + s.seq % 30000', '10000 + s.seq % 7000', '1000 + s.seq % 300'];
    await sql.query(`INSERT INTO settlement SELECT CONCAT('01kz', LPAD(s.seq, 14, '0')), ${hospital},
        CONCAT(${hospital}, '/MZ', s.seq), 1, '', REPEAT('c', 64), NULL, CONCAT('3205093', LPAD(s.seq % 900000, 8, '0')),
        '320509', '330421', IF(s.seq % 3, 'employee', 'resident'), 'outpatient', ${WINDOW}, '${DATE}', '${DATE}', 1795000000000,
        ${total}, 0, 0, 0, ${total}, ${fund}, 0, 0, 0, 0, ${fund}, ${total} - (${fund}), ${account},
        ${total} - (${fund}) - (${account}) FROM seq_${from}_to_${to} s`);
    log(`settlements ${to} of ${lines}`);
  }
  await sql.query('ANALYZE TABLE settlement');
}

const yuan = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

function lineOf(seq: number, hospital: string, form: ReconcileOptions['form'], id: string, raise: number): string {
  const person = `3205093${String(seq % 900_000).padStart(8, '0')}`;
  const total = yuan(20_000 + (seq % 30_000));
  const fund = yuan(10_000 + (seq % 7000) + raise);
  const account = yuan(1000 + (seq % 300));
  if (form === 'chs') return `${id}\tMZ${seq}\t${person}\t${total}\t${fund}\t${account}\t0\tnull\n`;
  return `${hospital},${DATE},${id},MZ${seq},0,${person},${total},${fund},${account}\n`;
}

interface Planted {
  readonly path: string;
  readonly hospital: string;
  readonly lines: number;
  readonly differences: number;
}

/** The file of one hospital, with what is planted in it. */
async function writeFile(folder: string, index: number, options: ReconcileOptions): Promise<Planted> {
  const { lines, hospitals, form, unsorted = false } = options;
  const hospital = hospitalId(index);
  let [written, differences] = [0, 0];
  async function* text(): AsyncGenerator<string> {
    let part =
      form === 'csv'
        ? 'institutionId,businessDate,settlementId,billNumber,refund,personId,total,fundTotal,account\n'
        : '';
    const first = index === 0 ? hospitals : index;
    const turns = Math.floor((lines - first) / hospitals) + 1;
    for (let each = 0; each < turns; each += 1) {
      const seq = first + (unsorted ? (each * SHUFFLE) % turns : each) * hospitals;
      const turn = Math.floor(seq / hospitals);
      const way = turn % PLANT_EVERY === 0 ? Math.floor(turn / PLANT_EVERY) % WAYS : -1;
      if (way >= 0) differences += 1;
      if (way !== 0) part += lineOf(seq, hospital, form, settlementId(seq), way === 1 ? 100 : 0);
      if (way === 2) part += lineOf(seq, hospital, form, `${settlementId(seq)}x`, 0);
      if (way === 3) part += lineOf(seq, hospital, form, settlementId(seq), 300);
      if (way === 4) part += lineOf(seq, hospital, form, settlementId(seq), 0).replace('MZ', 'again');
      written += way === 0 ? 0 : way >= 2 ? 2 : 1;
      if (part.length < 250_000) continue;
      yield part;
      part = '';
    }
    yield part;
  }
  const path = join(folder, `${hospital}.${form === 'csv' ? 'csv' : 'zip'}`);
  const content = form === 'csv' ? Readable.from(text()) : zipText('3202.txt', text(), new Date(0));
  await pipeline(content, createWriteStream(path));
  return { path, hospital, lines: written, differences };
}

/** Seconds of CPU that a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Takes the time of one step after the other. */
class Meter {
  readonly rows: Row[] = [];
  peakMiB = 0;
  readonly #pid: number;
  readonly #lines: number;
  readonly #timer: NodeJS.Timeout;
  #begun;

  constructor(mariadbPid: number, lines: number) {
    this.#pid = mariadbPid;
    this.#lines = lines;
    this.#timer = setInterval(() => this.#look(), 50);
    this.#begun = this.#now();
  }

  #now() {
    return { node: process.cpuUsage(), database: cpuSeconds(this.#pid), ms: performance.now() };
  }

  #look(): void {
    this.peakMiB = Math.max(this.peakMiB, process.memoryUsage.rss() / 1024 ** 2);
  }

  /** Ends a step; the next one begins. */
  ends(step: string): void {
    const begun = this.#begun;
    this.#begun = this.#now();
    const seconds = (this.#begun.ms - begun.ms) / 1000;
    const node = process.cpuUsage(begun.node);
    this.#look();
    this.rows.push({
      step,
      seconds: seconds.toFixed(2),
      'lines/s': Math.round(this.#lines / seconds),
      'node cpu s': ((node.user + node.system) / 1e6).toFixed(2),
      'db cpu s': (this.#begun.database - begun.database).toFixed(2),
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function countDifferences(sql: Connection): Promise<number> {
  const [rows] = await sql.query<(RowDataPacket & { n: number })[]>(
    'SELECT COUNT(*) AS n FROM reconciliation_difference',
  );
  return Number(rows[0]?.n);
}

/** The steps are told apart by what they begin with. */
function metered(database: Database, folder: string, meter: Meter): ReconcileDeps {
  const { comparisons, matches, ...stores } = database.reconciliation;
  return {
    ...stores,
    comparisons: {
      ...comparisons,
      ours(...about) {
        meter.ends('read');
        return comparisons.ours(...about);
      },
    },
    matches: {
      ...matches,
      restart(runIds) {
        meter.ends('compare');
        return matches.restart(runIds);
      },
    },
    queries: database.settlementQueries,
    clock: { now: () => Date.now() },
    readers: availableParallelism(),
    folder,
  };
}

async function reconcileAll(deps: ReconcileDeps, files: readonly Planted[]): Promise<readonly ReconciliationRun[]> {
  const about = { source: 'institution', region: '330421', businessDate: DATE, sentBy: 'bench' } as const;
  const sent = [];
  for (const { path, hospital } of files) {
    sent.push({ ...about, party: hospital, file: await describeFile(path), fileName: path.slice(-20) });
  }
  return reconcileFiles(deps, sent);
}

/** Reads the files of a day and matches them both ways; every planted difference must be found, and no other. */
export async function reconcileDay(options: ReconcileOptions, log: (text: string) => void): Promise<Report> {
  const isLarge = options.lines > 2_000_000;
  const mariadb = await startPrivateMariadb({
    bufferPoolMiB: isLarge ? 6144 : 2048,
    redoMiB: 2048,
    flushLogAtTrxCommit: 1,
    extraArgs: ['--innodb-flush-method=O_DIRECT', '--skip-log-bin'],
  });
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-reconcile-'));
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true });
  const database = await openDatabase({ url: `${mariadb.url}?socketPath=${mariadb.socketPath}`, dataDir: folder });
  try {
    await database.migrate();
    await database.clearingStore.openFirstWindow(DATE, 0);
    await generate(sql, options, log);
    await database.clearingStore.closeWindow(DATE, '2026-11-25', 1);
    const files: Planted[] = [];
    for (let index = 0; index < (options.files ?? options.hospitals); index += 1) {
      files.push(await writeFile(folder, index, options));
    }
    log('files written');
    const lines = files.reduce((sum, file) => sum + file.lines, 0);
    const planted = files.reduce((sum, file) => sum + file.differences, 0);

    const meter = new Meter(mariadb.pid, lines);
    const started = performance.now();
    const matched = await reconcileAll(metered(database, folder, meter), files);
    meter.ends('match');
    const seconds = (performance.now() - started) / 1000;
    meter.stop();
    const found = await countDifferences(sql);
    if (found !== planted || matched.some(({ state }) => state !== 'matched')) {
      throw new Error(`${found} differences were found, ${planted} were planted`);
    }
    const all: Row = { step: 'all', seconds: seconds.toFixed(2), 'lines/s': Math.round(lines / seconds) };
    const notes = [
      `${planted} differences planted, ${found} found; peak memory of this process ${Math.round(meter.peakMiB)} MiB`,
    ];
    const scenario = `reconcile: ${lines} lines, ${files.length} file(s) of ${options.hospitals}, ${options.form === 'csv' ? 'CSV' : '3202 in ZIP'}${options.unsorted === true ? ', in no order' : ''}`;
    return {
      scenario,
      rows: [...meter.rows, all],
      notes,
      figures: { ...options, seconds, planted, found, steps: meter.rows },
    };
  } finally {
    await database.close();
    await sql.end();
    await mariadb.stop();
    rmSync(folder, { recursive: true });
  }
}

/** As one of the scenarios: a million lines of one hospital. */
export const benchReconcile: Scenario = ({ say }) => reconcileDay({ lines: 1_000_000, hospitals: 1, form: 'csv' }, say);

if (import.meta.main) {
  const options = new Command('reconcile')
    .description('loads hospital files of one day and matches them both ways, on a MariaDB that it starts itself')
    .option('--lines <n>', 'settlements of the day', Number, 1_000_000)
    .option('--hospitals <n>', 'files that they are spread over', Number, 1)
    .option('--files <n>', 'how many of the hospitals send theirs, instead of all', Number)
    .option('--form <form>', 'csv, or chs (3202 in ZIP)', 'csv')
    .option('--unsorted', 'lines in no order')
    .option('--json', 'print the report as JSON')
    .parse()
    .opts<ReconcileOptions & { json?: true }>();
  const report = await reconcileDay(options, (text) => void process.stderr.write(`\r${text}   `));
  process.stderr.write('\n');
  if (options.json === true) console.log(JSON.stringify(report, undefined, 2));
  else console.log(reportText(report));
}
