import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { takeTrialBalance } from '../../src/app/ledger/trial-balance.ts';
import { clearUpTo, type StepReport } from '../../src/app/clearing/run-clearing.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { startPrivateMariadb } from '../support/private-mariadb.ts';
import { residentMiBOf, watchCpu } from './process-cpu.ts';
import type { Report } from './report.ts';
import type { BenchContext } from './scenario.ts';

const REGIONS = ['310118', '320509', '330421'];
const FIRST_DATE = '2026-11-24';
const STEP = 100_000;
const BASELINE_SECONDS = 4;
/** Of a settlement with its indexes and postings, without its document. */
const BYTES_A_SETTLEMENT = 1300;
const QUIET_MS = 3000;
/** A day of more is not cleared beside settling, which goes first: that would take minutes. */
const USUAL_MAX = 2_000_000;

/** As long as the service writes them; a day of more would be more than a machine of this class has memory. */
function documentBytes(settlements: number): number {
  return settlements <= USUAL_MAX ? 3000 : 200;
}

/** SQL for settlements as the write path writes them, from numbers that the sequence engine makes. */
function insertsFor(from: number, to: number, document: number): string {
  const numbers = `seq_${String(from)}_to_${String(to)} q`;
  const region = (place: string): string => `ELT(${place} % 3 + 1, '${REGIONS.join("', '")}')`;
  const id = `CONCAT('01kz', LPAD(q.seq, 9, '0'), 'bench')`;
  const [home, treatment] = [region('q.seq'), region('q.seq DIV 3')];
  const institution = `CONCAT('H', ${treatment}, LPAD(q.seq DIV 9 % 33, 5, '0'))`;
  const person = `CONCAT(${home}, '3', LPAD(q.seq * 7919 % 1000000, 8, '0'))`;
  const owed = '9500 + q.seq % 100';
  const legs = [
    [home, `'expense.pool'`, treatment, '7000'],
    [home, `'expense.seriousIllness'`, treatment, '500 + q.seq % 100'],
    [home, `'personal'`, person, '2000'],
    [home, `'dueTo'`, treatment, `-(${owed})`],
    [treatment, `'dueFrom'`, home, owed],
    [treatment, `'payable'`, institution, `-(${owed})`],
  ].map(([book, account, party, amount], leg) => {
    const isBetween = leg === 3 || leg === 4 ? `WHERE ${home} <> ${treatment}` : '';
    return `SELECT ${id} a, ${String(leg)} b, 1, ${book ?? ''}, ${account ?? ''}, ${party ?? ''}, ${amount ?? ''} FROM ${numbers} ${isBetween}`;
  });
  return `
    INSERT INTO settlement SELECT ${id}, ${institution}, CONCAT(${institution}, '/MZ20261124-', LPAD(q.seq, 8, '0')), 1, '',
      REPEAT('c', 64), NULL, ${person}, ${home}, ${treatment}, IF(q.seq % 4 = 0, 'resident', 'employee'), 'outpatient', 1,
      '2026-11-24', '2026-11-24', 1795500000000 + q.seq, 12345 + q.seq % 1000, 1000, 45, 1300, 10000 + q.seq % 1000, 7000, 0,
      500 + q.seq % 100, 0, 0, 7500 + q.seq % 100, 4845 + q.seq % 1000 - q.seq % 100, 2000,
      2845 + q.seq % 1000 - q.seq % 100 FROM ${numbers};
    INSERT INTO settlement_document SELECT ${id}, REPEAT('d', ${String(document)}) FROM ${numbers};
    INSERT INTO posting SELECT * FROM (${legs.join(' UNION ALL ')}) l ORDER BY a, b;`;
}

async function generate(sql: Connection, settlements: number, { progress }: BenchContext): Promise<void> {
  progress.begin('settlements', settlements);
  for (let from = 0; from < settlements; from += STEP) {
    const to = Math.min(settlements, from + STEP);
    await sql.query(insertsFor(from, to - 1, documentBytes(settlements)));
    progress.at(to);
  }
  progress.end();
}

async function numberFrom(sql: Connection, query: string): Promise<number> {
  const [rows] = await sql.query<(RowDataPacket & { n: string | number | null })[]>(query);
  return Number(rows[0]?.n ?? 0);
}

/** A process that settles all the while; how many a second it managed between two moments. */
function startLoad({ url, dataDir }: Place) {
  const child = fork(join(import.meta.dirname, 'clear-load.ts'), [url, dataDir]);
  let settled = 0;
  child.on('message', (count) => {
    settled = count as number;
  });
  return {
    get settled() {
      return settled;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function clearWindow(database: Database, date: string, onStep?: (report: StepReport) => void) {
  const { clearingStore: store, clearingSteps: steps, windowReader: reader } = database;
  const clock = { now: () => Date.parse('2026-12-31T00:00:00Z') };
  const seconds: Record<string, number> = {};
  let beganMs = 0;
  let peakMiB = residentMiBOf(process.pid);
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, residentMiBOf(process.pid))), 20);
  await clearUpTo(
    {
      ...{ store, steps, reader, clock },
      regions: REGIONS,
      onStep: (report) => {
        if (report.phase === 'begin') beganMs = performance.now();
        if (report.phase === 'end') seconds[report.step] = (performance.now() - beganMs) / 1000;
        onStep?.(report);
      },
    },
    date,
  );
  clearInterval(watch);
  return { seconds, peakMiB };
}

/** Everything that clearing the window wrote, taken back, so that it can be cleared again. */
const TAKE_BACK = `UPDATE clearing_window SET state = 'closed' WHERE window_id = 1;
  DELETE FROM clearing_gross; DELETE FROM clearing_statement; DELETE FROM institution_statement; DELETE FROM clearing_net;
  DELETE FROM ledger_balance; DELETE FROM ledger_window; DELETE FROM outbox WHERE topic = 'clearing-notice'`;

type Cleared = Awaited<ReturnType<typeof clearWindow>>;

/** What must be true before a figure counts. */
async function check(sql: Connection, database: Database): Promise<{ indexed: number; trialSeconds: number }> {
  const startedAt = performance.now();
  const trial = await takeTrialBalance(database.ledgerQueries, undefined, undefined);
  const trialSeconds = (performance.now() - startedAt) / 1000;
  if (trial.books.some(({ debit, credit }) => debit + credit !== 0)) throw new Error('a book does not come to 0');
  const stated = await numberFrom(sql, 'SELECT SUM(settlements) AS n FROM institution_statement');
  const indexed = await numberFrom(sql, 'SELECT COUNT(*) AS n FROM settlement WHERE window_id = 1');
  if (stated !== indexed) throw new Error(`${stated} of ${indexed} settlements are stated`);
  return { indexed, trialSeconds };
}

function rowOf(run: string, settlements: number, { seconds, peakMiB }: Cleared) {
  const [reconcile = 0, net = 0, issue = 0] = [seconds['reconcile'], seconds['net'], seconds['issue']];
  return {
    run,
    settlements,
    'gross, statements, comparison s': reconcile.toFixed(2),
    'nets s': net.toFixed(3),
    'issue s': issue.toFixed(3),
    'total s': (reconcile + net + issue).toFixed(2),
    'peak MiB': Math.round(peakMiB),
  };
}

/** Settled a second over some time, or while something is done. */
async function rateOf(load: { readonly settled: number }, work: () => Promise<unknown>): Promise<number> {
  const [before, startedAt] = [load.settled, performance.now()];
  await work();
  return (load.settled - before) / ((performance.now() - startedAt) / 1000);
}

/** The same window again, with another process that settles as fast as it can. */
async function clearWhileSettling(sql: Connection, database: Database, at: Place) {
  await sql.query(TAKE_BACK);
  const load = startLoad(at);
  await sleep(1500);
  const before = await rateOf(load, () => sleep(BASELINE_SECONDS * 1000));
  let loaded: Cleared = { seconds: {}, peakMiB: 0 };
  const kept = await rateOf(load, async () => (loaded = await clearWindow(database, FIRST_DATE)));
  await load.stop();
  const share = Math.round((100 * kept) / before);
  const note = `settled a second at the database: ${Math.round(before)} before, ${Math.round(kept)} while clearing (${share} %)`;
  return { loaded, before, kept, note };
}

async function measure(context: BenchContext, sql: Connection, database: Database, at: Place): Promise<Report> {
  await generate(sql, context.options.settlements, context);
  context.say('clear: closing under load');
  const first = startLoad(at);
  await sleep(1500);
  const baseline = await rateOf(first, () => sleep(BASELINE_SECONDS * 1000));
  const closingAt = performance.now();
  await database.clearingStore.closeWindow(FIRST_DATE, '2026-11-25', Date.now());
  const closeMs = performance.now() - closingAt;
  await first.stop();
  // What the load left to do in the background is not clearing.
  await sleep(QUIET_MS);

  context.say('clear: alone');
  const cpu = watchCpu({ database: [at.pid], own: [process.pid] });
  const alone = await clearWindow(database, FIRST_DATE);
  const used = cpu();

  let busy: Awaited<ReturnType<typeof clearWhileSettling>> | undefined;
  if (context.options.settlements <= USUAL_MAX) {
    context.say('clear: while settling');
    busy = await clearWhileSettling(sql, database, at);
  }
  const { indexed, trialSeconds } = await check(sql, database);
  const seconds = `ours ${used.seconds.own.toFixed(2)} s, database ${used.seconds.database.toFixed(2)} s`;
  return {
    scenario: 'clear',
    rows: [
      rowOf('alone', indexed, alone),
      ...(busy === undefined ? [] : [rowOf('while settling', indexed, busy.loaded)]),
    ],
    notes: [
      `valid: ${indexed} settlements indexed and stated, every book comes to 0; documents of ${documentBytes(context.options.settlements)} bytes`,
      `close under load: ${closeMs.toFixed(1)} ms`,
      `CPU alone: ${seconds}; others used ${used.othersCores.toFixed(2)} cores`,
      ...(busy === undefined ? [] : [busy.note]),
      `trial balance of everything: ${trialSeconds.toFixed(2)} s`,
    ],
    figures: { closeMs, alone, ...busy, baseline, cpu: used, trialSeconds },
  };
}

interface Place {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
}

/**
 * A window of a million settlements: closed under load, gone over once (summed, hashed, compared), netted, issued; alone,
 * and while another process settles as fast as it can.
 */
export async function benchClear(context: BenchContext): Promise<Report> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-bench-clear-'));
  const extraArgs = ['--innodb-flush-method=O_DIRECT'];
  // A day lies in memory, as the work of a day does.
  const { settlements } = context.options;
  const bytes = BYTES_A_SETTLEMENT + 1.3 * documentBytes(settlements);
  const bufferPoolMiB = Math.max(4096, Math.ceil((settlements * bytes) / 1024 ** 2));
  const mariadb = await startPrivateMariadb({ bufferPoolMiB, redoMiB: 2048, extraArgs });
  const url = `${mariadb.url}?socketPath=${mariadb.socketPath}`;
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true });
  const database = await openDatabase({ url, dataDir });
  try {
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    await database.personStore.importPersons([samplePerson('load-1'), samplePerson('load-2')]);
    return await measure(context, sql, database, { url, dataDir, pid: mariadb.pid });
  } finally {
    await database.close();
    await sql.end();
    await mariadb.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
