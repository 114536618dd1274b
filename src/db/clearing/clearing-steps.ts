import type { Knex } from 'knex';
import type { ClearingSteps, WindowSums } from '../../app/clearing/ports.ts';
import type { OutboxMessage } from '../../app/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { hasReached, type WindowState } from '../../core/lifecycle/window-states.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { holdFence } from '../jobs/fence.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import type { Row } from '../engine/raw-rows.ts';

/**
 * Moves a window from one state to the next, once.
 *
 * @returns false when it has been there before
 * @throws InvariantViolation when it is not so far yet
 */
async function moveOn(
  transaction: Knex,
  windowId: number,
  from: WindowState,
  to: WindowState,
  atMs: number,
): Promise<boolean> {
  const moved = await transaction('clearing_window')
    .where({ window_id: windowId, state: from })
    .update({ state: to, [`${to}_at_ms`]: atMs });
  if (moved > 0) return true;
  const state = await stateOf(transaction, windowId);
  invariant(hasReached(state, to), `a window is ${from} before it is ${to}`);
  return false;
}

async function stateOf(transaction: Knex, windowId: number): Promise<WindowState> {
  const [row] = await transaction<Row>('clearing_window').where('window_id', windowId).select('state');
  return ((row as Row | undefined)?.state as WindowState | undefined) ?? 'open';
}

async function writeSums(transaction: Knex, windowId: number, sums: WindowSums): Promise<void> {
  await insertRows(
    transaction,
    'clearing_gross',
    sums.gross.map((item) => ({
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
    sums.statements.map((statement) => ({
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
    'institution_statement',
    sums.institutions.map((statement) => ({
      window_id: windowId,
      institution_id: statement.institutionId,
      treatment_region: statement.treatmentRegion,
      settlements: exactInteger(statement.settlements),
      owed_fen: exactInteger(statement.owed),
      items_hash: statement.itemsHash,
    })),
  );
}

/** What the window moved in each account, so that a balance is a sum over windows and not over bills. */
async function writeBalances(transaction: Knex, windowId: number, sums: WindowSums): Promise<void> {
  await insertRows(
    transaction,
    'ledger_balance',
    sums.balances.map(({ book, account, party, amount }) => ({
      window_id: windowId,
      book,
      account,
      party,
      amount_fen: exactInteger(amount),
    })),
  );
  await transaction('ledger_window').insert({
    window_id: windowId,
    first_at_ms: sums.firstAtMs ?? null,
    last_at_ms: sums.lastAtMs ?? null,
  });
}

function noticeRow(notice: OutboxMessage): object {
  return {
    message_id: notice.messageId,
    partner_region: notice.partnerRegion,
    topic: notice.topic,
    subject_id: notice.subjectId,
    order_key: notice.orderKey,
    created_at_ms: notice.createdAtMs,
  };
}

export function createClearingSteps(knex: Knex): ClearingSteps {
  return {
    async reconcile(windowId, sums, atMs, fence) {
      await inTransaction(knex, async (transaction) => {
        await holdFence(transaction, fence);
        if (!(await moveOn(transaction, windowId, 'closed', 'reconciled', atMs))) return;
        await writeSums(transaction, windowId, sums);
        await writeBalances(transaction, windowId, sums);
      });
    },

    async net(windowId, nets, fence) {
      await inTransaction(knex, async (transaction) => {
        await holdFence(transaction, fence);
        const state = await stateOf(transaction, windowId);
        invariant(hasReached(state, 'reconciled'), 'a window is reconciled before it is netted');
        if (state !== 'reconciled') return;
        const rows = nets.map(({ region, receivable, payable, net }) => ({
          window_id: windowId,
          region,
          receivable_fen: exactInteger(receivable),
          payable_fen: exactInteger(payable),
          net_fen: exactInteger(net),
        }));
        // Counties that were added since an earlier try are added; the others come to the same again.
        await insertRows(transaction, 'clearing_net', rows, {
          key: ['window_id', 'region'],
          columns: ['receivable_fen', 'payable_fen', 'net_fen'],
        });
      });
    },

    async issue(windowId, notices, atMs, fence) {
      await inTransaction(knex, async (transaction) => {
        await holdFence(transaction, fence);
        if (!(await moveOn(transaction, windowId, 'reconciled', 'issued', atMs))) return;
        await insertRows(transaction, 'outbox', notices.map(noticeRow));
      });
    },
  };
}
