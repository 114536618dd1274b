// Clears a window of a million settlements: close under load, one pass that sums, hashes and compares, nets, notices.
//   node test/bench/clear.ts [--settlements 1000000] [--document-bytes 200] [--json]
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Connection } from 'mysql2/promise';
import { takeTrialBalance } from '../../src/app/ledger/trial-balance.ts';
import { clearUpTo, type StepReport } from '../../src/app/clearing/run-clearing.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { numberFrom, startBenchDatabase } from './bench-database.ts';
import { cpuSecondsOf, residentMiBOf } from './process-cpu.ts';
import { printReport, type Report } from './report.ts';

const REGIONS = ['310118', '320509', '330421'];
const FIRST_DATE = '2026-11-24';
const STEP = 100_000;
const BASELINE_SECONDS = 4;

/** SQL for settlements as the write path writes them, from numbers that the sequence engine makes. */
function insertsFor(from: number, to: number, documentBytes: number): string {
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
    INSERT INTO settlement_document SELECT ${id}, REPEAT('d', ${String(documentBytes)}) FROM ${numbers};
    INSERT INTO posting SELECT * FROM (${legs.join(' UNION ALL ')}) l ORDER BY a, b;`;
}

async function generate(sql: Connection, settlements: number, documentBytes: number): Promise<void> {
  for (let from = 0; from < settlements; from += STEP) {
    const to = Math.min(settlements, from + STEP) - 1;
    await sql.query(insertsFor(from, to, documentBytes));
    process.stderr.write(`\rsettlements ${String(to + 1)} of ${String(settlements)}   `);
  }
  process.stderr.write('\n');
}

/** A process that settles all the while; how many a second it managed between two moments. */
function startLoad(url: string, dataDir: string) {
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
  let peakMiB = 0;
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

const options = new Command('clear')
  .option('--settlements <n>', 'in the window', Number, 1_000_000)
  .option('--document-bytes <n>', 'of each settlement', Number, 200)
  .option('--json', 'print the report as JSON')
  .parse()
  .opts<{ settlements: number; documentBytes: number; json?: true }>();

const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-'));
const { mariadb, sql } = await startBenchDatabase();
const url = `${mariadb.url}?socketPath=${mariadb.socketPath}`;
const database = await openDatabase({ url, dataDir: folder });
try {
  await database.migrate();
  await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
  await database.personStore.importPersons([samplePerson('load-1'), samplePerson('load-2')]);
  await generate(sql, options.settlements, options.documentBytes);

  const idle = startLoad(url, folder);
  await sleep(1500);
  const [before, beforeMs] = [idle.settled, performance.now()];
  await sleep(BASELINE_SECONDS * 1000);
  const baseline = (idle.settled - before) / ((performance.now() - beforeMs) / 1000);
  const closingMs = performance.now();
  await database.clearingStore.closeWindow(FIRST_DATE, '2026-11-25', Date.now());
  const closeMs = performance.now() - closingMs;
  await idle.stop();

  const cpu = { own: process.cpuUsage(), database: cpuSecondsOf(mariadb.pid) };
  const quiet = await clearWindow(database, FIRST_DATE);
  const own = process.cpuUsage(cpu.own);
  const databaseSeconds = cpuSecondsOf(mariadb.pid) - cpu.database;

  // The same once more, while another process settles as fast as it can.
  await sql.query(`UPDATE clearing_window SET state = 'closed' WHERE window_id = 1;
    DELETE FROM clearing_gross; DELETE FROM clearing_statement; DELETE FROM institution_statement;
    DELETE FROM ledger_balance; DELETE FROM ledger_window; DELETE FROM clearing_net; DELETE FROM outbox WHERE topic = 'clearing-notice'`);
  const busy = startLoad(url, folder);
  await sleep(1500);
  const [meanwhile, meanwhileMs] = [busy.settled, performance.now()];
  const loaded = await clearWindow(database, FIRST_DATE);
  const kept = (busy.settled - meanwhile) / ((performance.now() - meanwhileMs) / 1000);
  await busy.stop();

  const trialMs = performance.now();
  const trial = await takeTrialBalance(database.ledgerQueries, undefined, undefined);
  const trialSeconds = (performance.now() - trialMs) / 1000;
  if (trial.books.some(({ debit, credit }) => debit + credit !== 0)) throw new Error('a book does not come to 0');
  const stated = await numberFrom(sql, 'SELECT SUM(settlements) AS n FROM institution_statement');
  const indexed = await numberFrom(sql, 'SELECT COUNT(*) AS n FROM settlement WHERE window_id = 1');
  if (stated !== indexed) throw new Error(`stated ${String(stated)} of ${String(indexed)} settlements`);

  const row = (run: string, { seconds, peakMiB }: typeof quiet) => {
    const [reconcile = 0, net = 0, issue = 0] = [seconds['reconcile'], seconds['net'], seconds['issue']];
    return {
      run,
      settlements: indexed,
      'gross, statements, comparison s': reconcile.toFixed(2),
      'nets s': net.toFixed(3),
      'issue s': issue.toFixed(3),
      'total s': (reconcile + net + issue).toFixed(2),
      'peak MiB': Math.round(peakMiB),
    };
  };
  const report: Report = {
    scenario: 'clear',
    rows: [row('alone', quiet), row('while settling', loaded)],
    notes: [
      `close under load: ${closeMs.toFixed(1)} ms`,
      `CPU alone: ours ${((own.user + own.system) / 1e6).toFixed(2)} s, database ${databaseSeconds.toFixed(2)} s`,
      `settled a second at the database: ${baseline.toFixed(0)} before, ${kept.toFixed(0)} while clearing (${((100 * kept) / baseline).toFixed(0)} %)`,
      `trial balance of everything: ${trialSeconds.toFixed(2)} s, every book comes to 0`,
    ],
  };
  if (options.json === true) console.log(JSON.stringify(report, undefined, 2));
  else printReport(report);
} finally {
  await database.close();
  await sql.end();
  await mariadb.stop();
  rmSync(folder, { recursive: true, force: true });
}
