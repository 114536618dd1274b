import type { Knex } from 'knex';
import type { Comparison, MatchStore, ReconciliationRun, RunTotals, Stretch } from '../../app/reconciliation/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { agrees, type Difference } from '../../core/reconcile/classify.ts';
import type { Unmatched } from '../../core/reconcile/rows.ts';
import { NO_TOTALS, type Totals } from '../../core/reconcile/totals.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { candidatesOf } from './candidate-rows.ts';
import { PARTY_COLUMNS } from './run-rows.ts';

/** So many ids are looked into at a time: what differs is rarely more than one page. */
const IDS_A_PAGE = 2000;

const IS_REVERSAL = '(s.reverses IS NOT NULL)';
const DIFFERS = ['total_fen', 'fund_total_fen', 'account_fen', 'person_id']
  .map((column) => `l.${column} <> s.${column}`)
  .join(' OR ');

/** Ids are of letters, digits, ".", "_" and "-": all sort before this and after nothing. */
const [BEFORE_ALL, AFTER_ALL] = ['', '~'];

const WINDOW_RANGE =
  'SELECT MIN(settlement_id) AS first, MAX(settlement_id) AS last FROM settlement WHERE window_id = ?';
const NEXT_CUT = `SELECT settlement_id FROM settlement WHERE settlement_id >= ? AND settlement_id < ?
  ORDER BY settlement_id LIMIT 1 OFFSET ?`;

function checkedRuns(runs: readonly ReconciliationRun[]): ReconciliationRun {
  const [first] = runs;
  invariant(first !== undefined, 'something is matched');
  invariant(
    runs.every(({ source, windowId }) => source === first.source && windowId === first.windowId),
    'runs that are matched together are of one window and kind',
  );
  return first;
}

const SUMS = ['COUNT(*) AS settlements', 'COUNT(s.reverses) AS reversals']
  .concat(['total_fen', 'fund_total_fen', 'account_fen'].map((column) => `SUM(s.${column}) AS ${column}`))
  .join(', ');

/** What our books have of each party in a stretch: one pass over it for any number of parties, without a sort for one. */
function oursSql({ source }: ReconciliationRun, runs: number, and = ''): string {
  const party = PARTY_COLUMNS[source];
  return `SELECT s.${party} AS party, ${SUMS} FROM settlement s
    WHERE s.settlement_id > ? AND s.settlement_id <= ? AND s.window_id = ?
      AND s.${party} IN (${Array.from({ length: runs }, () => '?').join(',')}) ${and}
    GROUP BY s.${party}`;
}

/** The row of ours that a line is about. */
function oursOfLine({ source }: ReconciliationRun): string {
  return `LEFT JOIN settlement s ON s.settlement_id = l.settlement_id AND s.window_id = ?
    AND s.${PARTY_COLUMNS[source]} = ? AND ${IS_REVERSAL} = l.refund`;
}

/** How many lines of a run there are in a stretch, how many find a row of ours, and how many of those differ. */
function linesSql(run: ReconciliationRun): string {
  const rows = run.mayDouble ? 'COUNT(DISTINCT s.settlement_id)' : 'COUNT(s.settlement_id)';
  return `SELECT COUNT(*) AS line_count, COUNT(s.settlement_id) AS pairs, ${rows} AS found,
      COUNT(CASE WHEN ${DIFFERS} THEN 1 END) AS unequal
    FROM reconciliation_line l ${oursOfLine(run)}
    WHERE l.run_id = ? AND l.settlement_id > ? AND l.settlement_id <= ?`;
}

function differingOursSql({ source }: ReconciliationRun): string {
  return `SELECT s.settlement_id FROM settlement s LEFT JOIN reconciliation_line l
      ON l.run_id = ? AND l.settlement_id = s.settlement_id AND l.refund = ${IS_REVERSAL}
    WHERE s.window_id = ? AND s.${PARTY_COLUMNS[source]} = ? AND s.settlement_id > ? AND s.settlement_id <= ?
      AND (l.line_no IS NULL OR ${DIFFERS})
    ORDER BY s.settlement_id LIMIT ${IDS_A_PAGE}`;
}

function unknownLinesSql(run: ReconciliationRun): string {
  return `SELECT l.settlement_id FROM reconciliation_line l ${oursOfLine(run)}
    WHERE l.run_id = ? AND l.settlement_id > ? AND l.settlement_id <= ? AND s.settlement_id IS NULL
    ORDER BY l.settlement_id, l.line_no LIMIT ${IDS_A_PAGE}`;
}

/** Ids of several lines: one that is told of two visits, or a reversal named both by its own id and by what it undoes. */
const DOUBLES = `SELECT settlement_id FROM reconciliation_line WHERE run_id = ? AND settlement_id > ? AND settlement_id <= ?
  GROUP BY settlement_id HAVING COUNT(*) > 1 ORDER BY settlement_id LIMIT ${IDS_A_PAGE}`;

/** Both lines agree with ours: no comparison of figures shows that one is too many. */
function isAllAgreed({ ours, lines }: Unmatched): boolean {
  return ours !== undefined && lines.length > 1 && lines.every((line) => agrees(ours, line));
}

async function* idPages(
  knex: Knex,
  sql: string,
  values: (after: string) => readonly (string | number)[],
  from: string,
) {
  let after = from;
  for (;;) {
    const rows = await rowsOf<Row>(knex, sql, values(after));
    const ids = rows.map((row) => row.settlement_id as string);
    if (ids.length > 0) yield [...new Set(ids)];
    if (ids.length < IDS_A_PAGE) return;
    // An id whose lines did not fit into the page is looked into with all of them all the same.
    after = ids.at(-1) ?? '';
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

function sumsOf(row: Row | undefined): Totals {
  if (row === undefined) return NO_TOTALS;
  const of = (column: string): number => exactInteger(row[column]);
  return {
    settlements: of('settlements'),
    total: of('total_fen'),
    fundTotal: of('fund_total_fen'),
    account: of('account_fen'),
  };
}

function totalsOf(all: Row | undefined, reversed: Row | undefined): RunTotals {
  const refunded = sumsOf(reversed);
  const both = sumsOf(all);
  const settled = {
    settlements: both.settlements - refunded.settlements,
    total: both.total - refunded.total,
    fundTotal: both.fundTotal - refunded.fundTotal,
    account: both.account - refunded.account,
  };
  return { settled, refunded };
}

/** Cuts a window into stretches of ids; lines before and after all of ours belong to the first and the last. */
async function* cut(knex: Knex, windowId: number, rows: number): AsyncGenerator<Stretch> {
  const [range] = await rowsOf<Row>(knex, WINDOW_RANGE, [windowId]);
  let after = BEFORE_ALL;
  if (range !== undefined && range.first !== null) {
    // Ids rise with time: a window's are one stretch of the table, but for a few of its neighbours' at either end.
    let from = range.first as string;
    for (;;) {
      const [next] = await rowsOf<Row>(knex, NEXT_CUT, [from, range.last as string, rows]);
      if (next === undefined) break;
      const upTo = next.settlement_id as string;
      yield { after, upTo, ourAfter: after === BEFORE_ALL ? before(range.first as string) : after };
      after = upTo;
      from = upTo;
    }
    yield { after, upTo: AFTER_ALL, ourAfter: after === BEFORE_ALL ? before(range.first as string) : after };
    return;
  }
  yield { after, upTo: AFTER_ALL, ourAfter: after };
}

/** A text that sorts right before an id: the table is not searched from its beginning. */
function before(id: string): string {
  return id.slice(0, -1);
}

export function createMatchStore(knex: Knex): MatchStore {
  return {
    stretches: (windowId, rows) => cut(knex, windowId, rows),

    async compare(runs, { after, upTo, ourAfter }) {
      const first = checkedRuns(runs);
      const parties = runs.map(({ party }) => party);
      const values = [ourAfter, upTo, first.windowId, ...parties];
      const byParty = async (and?: string) => {
        const rows = await rowsOf<Row>(knex, oursSql(first, runs.length, and), values);
        return new Map(rows.map((row) => [row.party as string, row]));
      };
      const all = await byParty();
      // Most stretches have none, and their sums by condition would cost as much as those of all bills.
      const hasReversals = all.values().some(({ reversals }) => exactInteger(reversals) > 0);
      const reversed = hasReversals ? await byParty(`AND ${IS_REVERSAL}`) : new Map<string, Row>();
      const compared: Comparison[] = [];
      for (const run of runs) {
        const ourTotals = totalsOf(all.get(run.party), reversed.get(run.party));
        const [counted] = await rowsOf<Row>(knex, linesSql(run), [run.windowId, run.party, run.runId, after, upTo]);
        const count = (column: string): number => exactInteger(counted?.[column]);
        const isSame =
          count('unequal') === 0 &&
          count('line_count') === count('found') &&
          count('found') === ourTotals.settled.settlements + ourTotals.refunded.settlements;
        compared.push({ runId: run.runId, ourTotals, isSame });
      }
      return compared;
    },

    async *differing(run, { after, upTo, ourAfter }) {
      const { runId, windowId, party } = run;
      const look = async (ids: readonly string[], wanted: (unmatched: Unmatched) => boolean) =>
        (await candidatesOf(knex, run, ids)).filter(({ unmatched }) => wanted(unmatched));
      const ours = (from: string) => [runId, windowId, party, from, upTo];
      for await (const ids of idPages(knex, differingOursSql(run), ours, ourAfter)) {
        yield await look(ids, (each) => each.ours !== undefined);
      }
      const theirs = (from: string) => [windowId, party, runId, from, upTo];
      for await (const ids of idPages(knex, unknownLinesSql(run), theirs, after)) {
        yield await look(ids, (each) => each.ours === undefined);
      }
      if (!run.mayDouble) return;
      for await (const ids of idPages(knex, DOUBLES, (from) => [runId, from, upTo], after)) {
        yield await look(ids, isAllAgreed);
      }
    },

    async restart(runIds) {
      return inTransaction(knex, async (transaction) => {
        // Differences of a run that is matched may be decided: they are nobody's to remove.
        const rows = await transaction<Row>('reconciliation_run')
          .whereIn('run_id', [...runIds])
          .where('state', 'loaded')
          .forUpdate()
          .select('run_id');
        const loaded = (rows as Row[]).map((row) => exactInteger(row.run_id));
        await transaction('reconciliation_difference').whereIn('run_id', loaded).delete();
        return loaded;
      });
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
