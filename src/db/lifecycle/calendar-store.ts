import type { Knex } from 'knex';
import type { CalendarStore, MonthlyNotice, PeriodSums, YearlyLiquidation } from '../../app/lifecycle/ports.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { statementLifeOf, STATEMENTS } from './life-rows.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';

const IN_PERIOD = 'w.business_date >= ? AND w.business_date <= ?';

const ADJUSTMENTS = `SELECT a.home_region, a.treatment_region,
    SUM(CASE WHEN a.kind = 'carried' THEN a.amount_fen ELSE 0 END) AS carried_fen,
    SUM(CASE WHEN a.kind = 'carried' THEN 0 ELSE a.amount_fen END) AS deducted_fen
  FROM clearing_adjustment a JOIN clearing_window w ON w.window_id = a.window_id
  WHERE ${IN_PERIOD} GROUP BY a.home_region, a.treatment_region`;

const LATE_ITEMS = `SELECT s.home_region, s.treatment_region, COUNT(*) AS items
  FROM clearing_window w JOIN settlement s ON s.window_id = w.window_id
  WHERE ${IN_PERIOD} AND s.home_region <> s.treatment_region AND s.visit_date < ?
  GROUP BY s.home_region, s.treatment_region`;

const RESIZED = `SELECT home_region, treatment_region FROM prefund_request
  WHERE kind = 'yearly' AND request_id LIKE ? ORDER BY home_region, treatment_region`;

const PAID_INTO_PREFUNDS = `SELECT home_region, treatment_region, SUM(COALESCE(granted_fen, amount_fen)) AS amount_fen
  FROM prefund_request WHERE state = 'paid' AND paid_at_ms >= ?
  GROUP BY home_region, treatment_region ORDER BY home_region, treatment_region`;

function pairOf(row: Row): { homeRegion: string; treatmentRegion: string } {
  return { homeRegion: row.home_region as string, treatmentRegion: row.treatment_region as string };
}

function sumsRow(sums: PeriodSums): Row {
  return {
    home_region: sums.homeRegion,
    treatment_region: sums.treatmentRegion,
    statements: sums.statements,
    settlements: sums.settlements,
    owed_fen: exactInteger(sums.owed),
    carried_fen: exactInteger(sums.carried),
    deducted_fen: exactInteger(sums.deducted),
    disputed_fen: exactInteger(sums.disputed),
    statements_hash: sums.statementsHash,
    made_at_ms: sums.madeAtMs,
  };
}

function sumsOf(row: Row): PeriodSums {
  return {
    ...pairOf(row),
    statements: exactInteger(row.statements),
    settlements: exactInteger(row.settlements),
    owed: exactInteger(row.owed_fen),
    carried: exactInteger(row.carried_fen),
    deducted: exactInteger(row.deducted_fen),
    disputed: exactInteger(row.disputed_fen),
    statementsHash: row.statements_hash as string,
    madeAtMs: exactInteger(row.made_at_ms),
  };
}

/** Writes records whose key is not there yet: of two who make the same at once, the first one's stay. */
async function putOnce(knex: Knex, table: string, key: readonly string[], rows: readonly Row[]): Promise<void> {
  await inTransaction(knex, (transaction) => insertRows(transaction, table, rows, { key, columns: key }));
}

const PAIR = ['home_region', 'treatment_region'];

/** What the calendar reads and records, in the database. */
export function createCalendarStore(knex: Knex): CalendarStore {
  return {
    async firstDate() {
      const [row] = await rowsOf<Row>(knex, 'SELECT MIN(business_date) AS first FROM clearing_window');
      return (row?.first as string | null) ?? undefined;
    },

    async unissued({ from, to }) {
      const sql = `SELECT COUNT(*) AS windows FROM clearing_window w
        WHERE ${IN_PERIOD} AND w.state IN ('open', 'closed', 'reconciled')`;
      const [row] = await rowsOf<Row>(knex, sql, [from, to]);
      return exactInteger(row?.windows);
    },

    async statementsIn({ from, to }) {
      const sql = `${STATEMENTS} WHERE ${IN_PERIOD} ORDER BY t.home_region, t.treatment_region, t.window_id`;
      return (await rowsOf<Row>(knex, sql, [from, to])).map(statementLifeOf);
    },

    async adjustmentsIn({ from, to }) {
      return (await rowsOf<Row>(knex, ADJUSTMENTS, [from, to])).map((row) => ({
        ...pairOf(row),
        carried: exactInteger(row.carried_fen),
        deducted: exactInteger(row.deducted_fen),
      }));
    },

    async lateItems({ from, to }, before) {
      const rows = await rowsOf<Row>(knex, LATE_ITEMS, [from, to, before]);
      return rows.map((row) => ({ ...pairOf(row), items: exactInteger(row.items) }));
    },

    async putNotices(notices) {
      const rows = notices.map((notice) => ({
        ...sumsRow(notice),
        month: notice.month,
        late_items: notice.lateItems,
      }));
      await putOnce(knex, 'monthly_notice', ['month', ...PAIR], rows);
    },

    async notices(month) {
      const rows = await knex<Row>('monthly_notice').where('month', month).orderBy(PAIR).select('*');
      return rows.map((row: Row): MonthlyNotice => ({
        ...sumsOf(row),
        month: row.month as string,
        lateItems: exactInteger(row.late_items),
      }));
    },

    async putLiquidations(liquidations) {
      const rows = liquidations.map((liquidation) => ({
        ...sumsRow(liquidation),
        for_year: liquidation.year,
        paid_fen: exactInteger(liquidation.paid),
        prefund_fen: exactInteger(liquidation.prefund),
      }));
      await putOnce(knex, 'yearly_liquidation', ['for_year', ...PAIR], rows);
    },

    async liquidations(year) {
      const rows = await knex<Row>('yearly_liquidation').where('for_year', year).orderBy(PAIR).select('*');
      return rows.map((row: Row): YearlyLiquidation => ({
        ...sumsOf(row),
        year: exactInteger(row.for_year),
        paid: exactInteger(row.paid_fen),
        prefund: exactInteger(row.prefund_fen),
      }));
    },

    async resized(year) {
      return (await rowsOf<Row>(knex, RESIZED, [`${String(year)}-%`])).map(pairOf);
    },

    async paidIntoPrefunds(sinceMs) {
      const rows = await rowsOf<Row>(knex, PAID_INTO_PREFUNDS, [sinceMs]);
      return rows.map((row) => ({ ...pairOf(row), amount: exactInteger(row.amount_fen) }));
    },
  };
}
