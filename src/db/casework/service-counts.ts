import type { Knex } from 'knex';
import type { ServiceCount } from '../../app/casework/ports.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { countOf } from './case-rows.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Settlements between two counties by their own day, less reversals, of windows that a condition names. */
const settled = (windows: string): string => `
  SELECT SUBSTR(s.settled_on, 1, 7) AS month, s.treatment_region, s.home_region,
    SUM(CASE WHEN s.attempt > 0 THEN 1 ELSE -1 END) AS services
  FROM settlement s
  WHERE s.home_region <> s.treatment_region AND ${windows}
  GROUP BY SUBSTR(s.settled_on, 1, 7), s.treatment_region, s.home_region`;

const UNCOUNTED = 'NOT EXISTS (SELECT 1 FROM service_count k WHERE k.window_id = w.window_id)';

/**
 * Cases by the day they were opened; settlements as they were counted when their window was closed, and those of other
 * windows as they are. Of these, the ones that can hold a day are found first, so that only their settlements are read.
 */
const COUNTS = `
  SELECT month, service_form, opening_region, deciding_region, SUM(services) AS services FROM (
    SELECT SUBSTR(opened_on, 1, 7) AS month, service_form, opening_region, deciding_region, COUNT(*) AS services
    FROM casework_case WHERE opened_on >= ? AND opened_on < ?
    GROUP BY SUBSTR(opened_on, 1, 7), service_form, opening_region, deciding_region
    UNION ALL
    SELECT month, 'straightThrough', treatment_region, home_region, services
    FROM service_count WHERE month >= ? AND month <= ?
    UNION ALL
    SELECT month, 'straightThrough', treatment_region, home_region, services FROM (${settled(`
      s.settled_on >= ? AND s.settled_on < ? AND s.window_id IN (SELECT w.window_id FROM clearing_window w
        WHERE w.opened_at_ms < ? AND (w.closed_at_ms IS NULL OR w.closed_at_ms >= ?) AND ${UNCOUNTED})`)}) live
  ) counted
  WHERE opening_region <> ''
  GROUP BY month, service_form, opening_region, deciding_region
  ORDER BY 1, 3, 4, 2`;

function monthAfter(month: string): string {
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return number === 12
    ? `${String(year + 1).padStart(4, '0')}-01`
    : `${month.slice(0, 5)}${String(number + 1).padStart(2, '0')}`;
}

/** Services by form, pair and month. */
export async function countServices(knex: Knex, fromMonth: string, toMonth: string): Promise<ServiceCount[]> {
  const from = `${fromMonth}-01`;
  const end = `${monthAfter(toMonth)}-01`;
  // A day of slack on both sides: processes need not agree on the time to the second.
  const opensBefore = Date.parse(`${end}T00:00:00+08:00`) + DAY_MS;
  const closesAfter = Date.parse(`${from}T00:00:00+08:00`) - DAY_MS;
  const values = [from, end, fromMonth, toMonth, from, end, opensBefore, closesAfter];
  const rows = await rowsOf<Row>(knex, COUNTS, values);
  return rows.map(countOf).filter(({ count }) => count !== 0);
}

/** Counts each closed window that was not counted yet; nothing is added to one that is closed. */
export async function keepServiceCounts(knex: Knex): Promise<number> {
  const windows = await rowsOf<Row>(
    knex,
    `SELECT w.window_id FROM clearing_window w WHERE w.closed_at_ms IS NOT NULL AND ${UNCOUNTED} ORDER BY w.window_id`,
  );
  for (const { window_id: windowId } of windows as { window_id: number }[]) {
    // Read without a lock: with one, whoever settles in the next window would wait for it.
    const found = await rowsOf<Row>(knex, settled('s.window_id = ?'), [windowId]);
    const mark = { month: '', treatment_region: '', home_region: '', services: 0 };
    const rows = [mark, ...found].map((row) => ({ ...row, window_id: windowId }));
    // Whoever counts at the same time comes to the same.
    const replaces = { key: ['window_id', 'month', 'treatment_region', 'home_region'], columns: ['services'] };
    await inTransaction(knex, (transaction) => insertRows(transaction, 'service_count', rows, replaces));
  }
  return windows.length;
}
