import type { Knex } from 'knex';
import type { ClearingResult, ClearingStore, ClearingWindow, GrossItem, OutboxMessage } from '../app/ports.ts';
import { invariant } from '../core/invariant.ts';
import { hasReached } from '../core/lifecycle/window-states.ts';
import { AppError } from '../platform/errors.ts';
import { insertRows } from './bulk-insert.ts';
import {
  grossItemOf,
  grossItemsOf,
  LAYER_COLUMNS,
  netOf,
  statementItemOf,
  statementOf,
  windowOf,
} from './clearing-rows.ts';
import { exactInteger } from './exact-integer.ts';
import { inTransaction } from './in-transaction.ts';
import { adjustmentOf } from './life-rows.ts';
import { rowsOf } from './raw-rows.ts';
import type { Row } from './settlement-rows.ts';
import { canBeId } from './sql-text.ts';

const SUMS = Object.entries(LAYER_COLUMNS)
  .map(([layer, column]) => `SUM(${column}) AS ${layer}_fen, SUM(${column} <> 0) AS ${layer}_settlements`)
  .join(', ');
const GROSS_KEY = 'home_region, treatment_region, institution_id, scheme';
const GROSS = `SELECT ${GROSS_KEY}, ${SUMS} FROM settlement WHERE window_id = ? GROUP BY ${GROSS_KEY} ORDER BY ${GROSS_KEY}`;

const ITEMS = `SELECT settlement_id, institution_id, bill_key, scheme, benefit, reverses, total_fen, fund_total_fen, account_fen
  FROM settlement WHERE window_id = ? AND home_region = ? AND treatment_region = ? AND settlement_id > ?
  ORDER BY settlement_id LIMIT ?`;

/** Takes the open window's row for this transaction alone: waits for all that hold it shared, on any engine. */
async function lockOpenWindow(transaction: Knex): Promise<number | undefined> {
  await transaction('open_window').where('id', 1).update({ id: 1 });
  const [row] = await transaction<Row>('open_window').where('id', 1).select('window_id');
  return row === undefined ? undefined : exactInteger((row as Row).window_id);
}

async function writeResult(transaction: Knex, windowId: number, result: ClearingResult): Promise<void> {
  await insertRows(
    transaction,
    'clearing_gross',
    result.gross.map((item: GrossItem) => ({
      window_id: windowId,
      home_region: item.homeRegion,
      treatment_region: item.treatmentRegion,
      institution_id: item.institutionId,
      scheme: item.scheme,
      layer: item.layer,
      settlements: exactInteger(item.settlements),
      amount_fen: exactInteger(item.amount),
    })),
  );
  await insertRows(
    transaction,
    'clearing_statement',
    result.statements.map((statement) => ({
      statement_id: statement.statementId,
      window_id: windowId,
      home_region: statement.homeRegion,
      treatment_region: statement.treatmentRegion,
      settlements: exactInteger(statement.settlements),
      owed_fen: exactInteger(statement.owed),
      items_hash: statement.itemsHash,
    })),
  );
  await insertRows(
    transaction,
    'clearing_net',
    result.nets.map((position) => ({
      window_id: windowId,
      region: position.region,
      receivable_fen: exactInteger(position.receivable),
      payable_fen: exactInteger(position.payable),
      net_fen: exactInteger(position.net),
    })),
  );
  await insertRows(
    transaction,
    'outbox',
    result.notices.map((notice: OutboxMessage) => ({
      message_id: notice.messageId,
      partner_region: notice.partnerRegion,
      topic: notice.topic,
      subject_id: notice.subjectId,
      order_key: notice.orderKey,
      created_at_ms: notice.createdAtMs,
    })),
  );
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

    async closeWindow(businessDate, nextBusinessDate, atMs) {
      await inTransaction(knex, async (transaction) => {
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
      const rows = await knex('clearing_window').where('state', 'closed').orderBy('window_id').select('*');
      return (rows as Row[]).map(windowOf);
    },

    async gross(windowId) {
      return (await rowsOf<Row>(knex, GROSS, [windowId])).flatMap(grossItemsOf);
    },

    async adjustments(windowId) {
      const rows = await knex('clearing_adjustment')
        .where('window_id', windowId)
        .orderBy(['subject_id', 'kind', 'layer'])
        .select('*');
      return (rows as Row[]).map(adjustmentOf);
    },

    async items(windowId, homeRegion, treatmentRegion, after, limit) {
      const values = [windowId, homeRegion, treatmentRegion, after, limit];
      return (await rowsOf<Row>(knex, ITEMS, values)).map(statementItemOf);
    },

    async issue(windowId, result, atMs) {
      await inTransaction(knex, async (transaction) => {
        const flipped = await transaction('clearing_window')
          .where({ window_id: windowId, state: 'closed' })
          .update({ state: 'issued', issued_at_ms: atMs });
        if (flipped === 0) {
          const state = (await find(windowId, transaction))?.state ?? 'open';
          invariant(hasReached(state, 'issued'), 'a window is closed before it is issued');
          return;
        }
        await writeResult(transaction, windowId, result);
      });
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
  };
}
