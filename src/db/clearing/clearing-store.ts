import type { Knex } from 'knex';
import type { ClearingStore, ClearingWindow } from '../../app/clearing/ports.ts';
import { AppError } from '../../platform/errors.ts';
import { readAdjustments } from '../lifecycle/adjustments.ts';
import { grossItemOf, institutionStatementOf, netOf, statementItemOf, statementOf, windowOf } from './clearing-rows.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { holdFence } from '../jobs/fence.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId } from '../engine/sql-text.ts';

const ITEMS = `SELECT settlement_id, institution_id, bill_key, scheme, benefit, reverses, total_fen, fund_total_fen, account_fen
  FROM settlement WHERE window_id = ? AND home_region = ? AND treatment_region = ? AND settlement_id > ?
  ORDER BY settlement_id LIMIT ?`;

/** Takes the open window's row for this transaction alone: waits for all that hold it shared, on any engine. */
async function lockOpenWindow(transaction: Knex): Promise<number | undefined> {
  await transaction('open_window').where('id', 1).update({ id: 1 });
  const [row] = await transaction<Row>('open_window').where('id', 1).select('window_id');
  return row === undefined ? undefined : exactInteger((row as Row).window_id);
}

export function createClearingStore(knex: Knex): ClearingStore {
  const find = async (windowId: number, database: Knex = knex): Promise<ClearingWindow | undefined> => {
    const [row] = await database<Row>('clearing_window').where('window_id', windowId).select('*');
    return row === undefined ? undefined : windowOf(row);
  };

  return {
    async windows(limit) {
      const rows = await knex('clearing_window').orderBy('window_id', 'desc').limit(limit).select('*');
      return (rows as Row[]).map(windowOf);
    },

    window: (windowId) => find(windowId),

    async openFirstWindow(businessDate, atMs) {
      await inTransaction(knex, async (transaction) => {
        // Whoever comes second waits here, and then finds the window of the first.
        await transaction('open_window').insert({ id: 1, window_id: 1 }).onConflict('id').merge(['id']);
        if ((await find(1, transaction)) !== undefined) return;
        const first = { window_id: 1, business_date: businessDate, state: 'open', opened_at_ms: atMs };
        await transaction('clearing_window').insert(first);
      });
    },

    async openWindow() {
      const rows = await rowsOf<Row>(
        knex,
        'SELECT w.* FROM open_window o JOIN clearing_window w ON w.window_id = o.window_id',
      );
      if (rows[0] !== undefined) return windowOf(rows[0]);
      throw new AppError('NO_OPEN_WINDOW', 'no clearing window is open', { status: 503, retryable: true });
    },

    async closeWindow(businessDate, nextBusinessDate, atMs, fence) {
      await inTransaction(knex, async (transaction) => {
        await holdFence(transaction, fence);
        const windowId = await lockOpenWindow(transaction);
        if (windowId === undefined) return;
        const open = await find(windowId, transaction);
        if (open?.businessDate !== businessDate) return;
        const next = { business_date: nextBusinessDate, state: 'open', opened_at_ms: atMs };
        await transaction('clearing_window').insert({ window_id: windowId + 1, ...next });
        await transaction('clearing_window')
          .where('window_id', windowId)
          .update({ state: 'closed', closed_at_ms: atMs });
        await transaction('open_window')
          .where('id', 1)
          .update({ window_id: windowId + 1 });
      });
    },

    async closedWindows() {
      const rows = await knex('clearing_window')
        .whereIn('state', ['closed', 'reconciled'])
        .orderBy('window_id')
        .select('*');
      return (rows as Row[]).map(windowOf);
    },

    adjustments: (windowId) => readAdjustments(knex, windowId),

    async items(windowId, homeRegion, treatmentRegion, after, limit) {
      const values = [windowId, homeRegion, treatmentRegion, after, limit];
      return (await rowsOf<Row>(knex, ITEMS, values)).map(statementItemOf);
    },

    async statements(windowId) {
      const rows = await knex('clearing_statement')
        .where('window_id', windowId)
        .orderBy(['home_region', 'treatment_region'])
        .select('*');
      return (rows as Row[]).map(statementOf);
    },

    async statement(statementId) {
      if (!canBeId(statementId)) return undefined;
      const [row] = await knex<Row>('clearing_statement').where('statement_id', statementId).select('*');
      return row === undefined ? undefined : statementOf(row);
    },

    async netPositions(windowId) {
      const rows = await knex('clearing_net').where('window_id', windowId).orderBy('region').select('*');
      return (rows as Row[]).map(netOf);
    },

    async grossItems(windowId) {
      const key = ['home_region', 'treatment_region', 'institution_id', 'scheme', 'layer'];
      const rows = await knex('clearing_gross').where('window_id', windowId).orderBy(key).select('*');
      return (rows as Row[]).map(grossItemOf);
    },

    async institutionStatements(windowId) {
      const key = ['treatment_region', 'institution_id'];
      const rows = await knex('institution_statement').where('window_id', windowId).orderBy(key).select('*');
      return (rows as Row[]).map(institutionStatementOf);
    },
  };
}
