import type { Knex } from 'knex';
import type { Candidate, MatchStore, ReconciliationRun, RunTotals } from '../../app/reconciliation/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { agrees, type Difference } from '../../core/reconcile/classify.ts';
import type { Unmatched } from '../../core/reconcile/rows.ts';
import { NO_TOTALS } from '../../core/reconcile/totals.ts';
import { insertRows } from '../bulk-insert.ts';
import { exactInteger } from '../exact-integer.ts';
import { inTransaction } from '../in-transaction.ts';
import { rowsOf } from '../raw-rows.ts';
import type { Row } from '../settlement-rows.ts';
import { candidatesOf } from './candidate-rows.ts';
import { PARTY_COLUMNS } from './run-rows.ts';

/** So many ids are looked into at a time: what differs is rarely more than one page. */
const IDS_A_PAGE = 2000;

const IS_REVERSAL = '(s.reverses IS NOT NULL)';
const DIFFERS = ['total_fen', 'fund_total_fen', 'account_fen', 'person_id']
  .map((column) => `l.${column} <> s.${column}`)
  .join(' OR ');

interface Range {
  readonly first: string;
  readonly last: string;
}

/** Ids rise with time: a window's are one stretch of the table, but for a few of its neighbours' at either end. */
async function rangeOf(knex: Knex, windowId: number): Promise<Range | undefined> {
  const sql = 'SELECT MIN(settlement_id) AS first, MAX(settlement_id) AS last FROM settlement WHERE window_id = ?';
  const [row] = await rowsOf<Row>(knex, sql, [windowId]);
  if (row === undefined || row.first === null) return undefined;
  return { first: row.first as string, last: row.last as string };
}

function checkedRuns(runs: readonly ReconciliationRun[]): ReconciliationRun {
  const [first] = runs;
  invariant(first !== undefined, 'something is matched');
  invariant(
    runs.every(({ source, windowId }) => source === first.source && windowId === first.windowId),
    'runs that are matched together are of one window and kind',
  );
  return first;
}

/** Joins in the order written: settlements lead, so that the window is gone through once for all runs. */
function oursSql(knex: Knex, { source }: ReconciliationRun, runs: number): string {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const list = Array.from({ length: runs }, () => '?').join(',');
  const [select, join] =
    isMysql && runs > 1 ? ['SELECT STRAIGHT_JOIN', 'JOIN'] : ['SELECT', runs > 1 ? 'CROSS JOIN' : 'JOIN'];
  return `${select} s.settlement_id, r.run_id FROM settlement s
    ${join} reconciliation_run r ON r.party = s.${PARTY_COLUMNS[source]}
    LEFT JOIN reconciliation_line l
      ON l.run_id = r.run_id AND l.settlement_id = s.settlement_id AND l.refund = ${IS_REVERSAL}
    WHERE r.run_id IN (${list}) AND s.window_id = ? AND s.settlement_id > ? AND s.settlement_id <= ?
      AND (l.line_no IS NULL OR ${DIFFERS})
    ORDER BY s.settlement_id LIMIT ${IDS_A_PAGE}`;
}

function theirsSql({ source }: ReconciliationRun): string {
  return `SELECT l.settlement_id FROM reconciliation_line l
    LEFT JOIN settlement s ON s.settlement_id = l.settlement_id
      AND s.window_id = ? AND s.${PARTY_COLUMNS[source]} = ? AND ${IS_REVERSAL} = l.refund
    WHERE l.run_id = ? AND l.settlement_id > ? AND s.settlement_id IS NULL
    ORDER BY l.settlement_id, l.line_no LIMIT ${IDS_A_PAGE}`;
}

/** A reversal that a file names both by its own id and by that of what it undoes. */
const DOUBLE_REFUNDS = `SELECT settlement_id FROM reconciliation_line WHERE run_id = ? AND settlement_id > ? AND refund = 1
  GROUP BY settlement_id HAVING COUNT(*) > 1 ORDER BY settlement_id LIMIT ${IDS_A_PAGE}`;

/** Both lines agree with ours: no comparison of figures shows that one is too many. */
function isAllAgreed({ ours, lines }: Unmatched): boolean {
  return ours !== undefined && lines.length > 1 && lines.every((line) => agrees(ours, line));
}

/** The last id that comes before another one: where a page that is to contain that one begins. */
const BEFORE_ALL = '';

async function* pagesOf(
  read: (after: string) => Promise<readonly Row[]>,
  from: string,
): AsyncGenerator<readonly Row[]> {
  let after = from;
  for (;;) {
    const rows = await read(after);
    if (rows.length > 0) yield rows;
    if (rows.length < IDS_A_PAGE) return;
    // An id whose lines did not fit is looked into with all of them all the same.
    after = rows.at(-1)?.settlement_id as string;
  }
}

function difference(
  run: ReconciliationRun,
  differenceNo: number,
  { class: kind, ours, line, ...rest }: Difference,
): object {
  return {
    run_id: run.runId,
    difference_no: differenceNo,
    class: kind,
    action: rest.correction.action,
    adjust_by_fen: exactInteger(rest.correction.adjustBy),
    refund: rest.refund ? 1 : 0,
    settlement_id: ours?.settlementId ?? null,
    institution_id: ours?.institutionId ?? null,
    bill_number: ours?.billNumber ?? null,
    person_id: ours?.personId ?? null,
    home_region: ours?.homeRegion ?? (run.source === 'fund' ? run.region : null),
    treatment_region: ours?.treatmentRegion ?? (run.source === 'institution' ? run.region : null),
    scheme: ours?.scheme ?? null,
    total_fen: ours?.total ?? null,
    fund_total_fen: ours?.fundTotal ?? null,
    account_fen: ours?.account ?? null,
    line_no: line?.lineNo ?? null,
    line_settlement_id: line?.givenId ?? null,
    line_visit_id: line?.visitId ?? null,
    line_person_id: line?.personId ?? null,
    line_total_fen: line?.total ?? null,
    line_fund_total_fen: line?.fundTotal ?? null,
    line_account_fen: line?.account ?? null,
    related_id: rest.related?.settlementId ?? null,
    related_window_id: rest.related?.windowId ?? null,
    state: 'open',
  };
}

function totalsOf(rows: readonly Row[]): RunTotals {
  const totals = { settled: NO_TOTALS, refunded: NO_TOTALS };
  for (const row of rows) {
    const side = exactInteger(row.is_reversal) === 1 ? 'refunded' : 'settled';
    totals[side] = {
      settlements: exactInteger(row.settlements),
      total: exactInteger(row.total),
      fundTotal: exactInteger(row.fund_total),
      account: exactInteger(row.account),
    };
  }
  return totals;
}

export function createMatchStore(knex: Knex): MatchStore {
  return {
    async ourTotals(runs) {
      const { source, windowId } = checkedRuns(runs);
      const range = await rangeOf(knex, windowId);
      if (range === undefined) return runs.map(() => totalsOf([]));
      const party = PARTY_COLUMNS[source];
      const places = runs.map(() => '?').join(',');
      const rows = await rowsOf<Row>(
        knex,
        `SELECT s.${party} AS party, ${IS_REVERSAL} AS is_reversal, COUNT(*) AS settlements, SUM(s.total_fen) AS total,
            SUM(s.fund_total_fen) AS fund_total, SUM(s.account_fen) AS account
          FROM settlement s WHERE s.window_id = ? AND s.settlement_id BETWEEN ? AND ? AND s.${party} IN (${places})
          GROUP BY s.${party}, ${IS_REVERSAL}`,
        [windowId, range.first, range.last, ...runs.map(({ party: each }) => each)],
      );
      const byParty = Map.groupBy(rows, (row) => row.party as string);
      return runs.map((run) => totalsOf(byParty.get(run.party) ?? []));
    },

    async *ours(runs) {
      const first = checkedRuns(runs);
      const range = await rangeOf(knex, first.windowId);
      if (range === undefined) return;
      const byId = new Map(runs.map((run) => [run.runId, run]));
      const sql = oursSql(knex, first, runs.length);
      const read = (after: string) => rowsOf<Row>(knex, sql, [...byId.keys(), first.windowId, after, range.last]);
      // A text that sorts right before the first id: one that is shorter by its last character.
      for await (const rows of pagesOf(read, range.first.slice(0, -1))) {
        const page: Candidate[] = [];
        for (const [runId, found] of Map.groupBy(rows, (row) => exactInteger(row.run_id))) {
          const ids = [...new Set(found.map((row) => row.settlement_id as string))];
          const run = byId.get(runId);
          invariant(run !== undefined, 'only the runs asked for are matched');
          page.push(...(await candidatesOf(knex, run, ids)).filter(({ unmatched }) => unmatched.ours !== undefined));
        }
        yield page;
      }
    },

    async *theirs(run) {
      const sql = theirsSql(run);
      const read = (after: string) => rowsOf<Row>(knex, sql, [run.windowId, run.party, run.runId, after]);
      for await (const rows of pagesOf(read, BEFORE_ALL)) {
        const ids = [...new Set(rows.map((row) => row.settlement_id as string))];
        yield (await candidatesOf(knex, run, ids)).filter(({ unmatched }) => unmatched.ours === undefined);
      }
      const readDoubles = (after: string) => rowsOf<Row>(knex, DOUBLE_REFUNDS, [run.runId, after]);
      for await (const rows of pagesOf(readDoubles, BEFORE_ALL)) {
        const ids = rows.map((row) => row.settlement_id as string);
        yield (await candidatesOf(knex, run, ids)).filter(({ unmatched }) => isAllAgreed(unmatched));
      }
    },

    async restart(runIds) {
      await knex('reconciliation_difference')
        .whereIn('run_id', [...runIds])
        .delete();
    },

    async record(run, firstNo, differences) {
      const rows = differences.map((each, index) => difference(run, firstNo + index, each));
      await insertRows(knex, 'reconciliation_difference', rows);
    },

    async matched(runId, ourTotals, differences, nowMs) {
      await inTransaction(knex, async (transaction) => {
        const [run] = await transaction<Row>('reconciliation_run').where('run_id', runId).forUpdate().select('*');
        const { source, party, window_id: windowId } = run as Row;
        const others = { source: source as string, party: party as string, window_id: exactInteger(windowId) };
        await transaction('reconciliation_run')
          .where(others)
          .where('run_id', '<>', runId)
          .whereIn('state', ['loaded', 'matched'])
          .update({ state: 'superseded' });
        await transaction('reconciliation_run')
          .where({ run_id: runId, state: 'loaded' })
          .update({
            state: 'matched',
            our_totals: JSON.stringify(ourTotals),
            difference_count: differences,
            matched_at_ms: nowMs,
            touched_at_ms: nowMs,
          });
      });
    },
  };
}
