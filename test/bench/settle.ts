import { createBillRequests, seeded, type BillStream } from './bench-bills.ts';
import { benchPersonId, numberFrom } from './bench-database.ts';
import { closedLoop, openLoop, type LoadResult } from './load.ts';
import { cpuSecondsOf, residentMiBOf } from './process-cpu.ts';
import type { Report, Row } from './report.ts';
import type { Bench } from './setup.ts';

const LINES_PER_BILL = 10;
const WARM_UP_SECONDS = 3;

let runs = 0;

/** A stream of bills that no other run has sent. */
export function billsFor(bench: Bench, path: BillStream['path'] = '/v1/settlements'): () => string {
  runs += 1;
  const { institutions, items, persons, visitDate } = bench;
  const stream = { institutions, items, visitDate, path, linesPerBill: LINES_PER_BILL, personCount: persons };
  return createBillRequests({ ...stream, personId: benchPersonId, run: `B${String(runs)}` }, runs);
}

function failures({ statuses }: LoadResult): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => (status.startsWith('2') ? sum : sum + count), 0);
}

function rowOf(load: string, result: LoadResult, more: Row): Row {
  return {
    load,
    'per second': Math.round(result.perSecond),
    'p50 ms': result.p50Ms.toFixed(1),
    'p99 ms': result.p99Ms.toFixed(1),
    'max ms': result.maxMs.toFixed(0),
    failed: failures(result),
    ...more,
  };
}

/** Runs one load and says what each process paid for a request. */
export async function measured(
  bench: Bench,
  label: string,
  run: () => Promise<LoadResult>,
): Promise<{ row: Row; result: LoadResult }> {
  const pids = { service: bench.service.pid, database: bench.mariadb.pid };
  const before = { service: cpuSecondsOf(pids.service), database: cpuSecondsOf(pids.database) };
  const result = await run();
  const micros = (pid: number, since: number): number =>
    Math.round(((cpuSecondsOf(pid) - since) * 1e6) / result.requests);
  const row = rowOf(label, result, {
    'service us': micros(pids.service, before.service),
    'database us': micros(pids.database, before.database),
    'service MiB': Math.round(residentMiBOf(pids.service)),
  });
  return { row, result };
}

/** What must be true of the database before a figure counts. */
export async function checkSettlements(bench: Bench, answered: number): Promise<string> {
  const count = (query: string): Promise<number> => numberFrom(bench.sql, query);
  const settled = await count('SELECT COUNT(*) AS n FROM settlement');
  const documents = await count('SELECT COUNT(*) AS n FROM settlement_document');
  const raises = await count('SELECT COALESCE(SUM(raises), 0) AS n FROM accumulator');
  const sum = await count('SELECT COALESCE(SUM(amount_fen), 0) AS n FROM posting');
  const unbalanced = await count(
    'SELECT COUNT(*) AS n FROM (SELECT entry_id FROM posting GROUP BY entry_id HAVING SUM(amount_fen) <> 0) u',
  );
  const legs = await count('SELECT COUNT(*) AS n FROM posting');
  const isValid = settled === answered && documents === settled && sum === 0 && unbalanced === 0;
  const text = `answered ${String(answered)}, settlements ${String(settled)}, documents ${String(documents)}, postings ${String(legs)} (Σ ${String(sum)}, unbalanced ${String(unbalanced)}), accumulator raises ${String(raises)}`;
  if (!isValid) throw new Error(`the run is not valid: ${text}`);
  return `valid: ${text}`;
}

/** Settling over HTTP: closed loops of several sizes, then an open loop at half of the best. */
export async function benchSettle(bench: Bench, clients: readonly number[], seconds: number): Promise<Report> {
  const rows: Row[] = [];
  let answered = 0;
  const take = ({ row, result }: { row: Row; result: LoadResult }, isShown = true): LoadResult => {
    answered += result.requests - failures(result);
    if (isShown) rows.push(row);
    return result;
  };
  const { port } = bench.service;
  take(await measured(bench, 'warm-up', () => closedLoop(port, 32, WARM_UP_SECONDS, billsFor(bench))), false);
  let best = 0;
  for (const count of clients) {
    const label = `${String(count)} clients`;
    const result = take(await measured(bench, label, () => closedLoop(port, count, seconds, billsFor(bench))));
    best = Math.max(best, result.perSecond);
  }
  const rate = Math.round(best / 2);
  const open = (): Promise<LoadResult> => openLoop(port, rate, seconds, billsFor(bench), seeded(rate));
  take(await measured(bench, `open loop ${String(rate)}/s`, open));
  return { scenario: 'settle over HTTP', rows, notes: [await checkSettlements(bench, answered)] };
}
