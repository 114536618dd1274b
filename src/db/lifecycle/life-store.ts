import type { Knex } from 'knex';
import type { LifeNeed, LifeState, LifeStore, LifeWrites, Pair, StatementLife } from '../../app/lifecycle/ports.ts';
import type { StatementState } from '../../core/lifecycle/statement-states.ts';
import { hasReached, type WindowState } from '../../core/lifecycle/window-states.ts';
import { invariant } from '../../core/invariant.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { enter, holdOpenWindow, lockSettlements } from '../ledger/journal.ts';
import {
  adjustmentRow,
  OBJECTED_SETTLEMENTS,
  objectedSettlementOf,
  objectionOf,
  objectionRow,
  paymentOf,
  paymentRow,
  proposalOf,
  proposalRow,
  requestOf,
  requestRow,
  runOf,
  statementLifeOf,
} from './life-rows.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId, marks } from '../engine/sql-text.ts';

/** Payments are named after the month that they belong to, so that the run can be locked first. */
function runOfPayment(paymentId: string): string {
  return paymentId.slice(0, 'YYYY-MM'.length);
}

type Locked = Omit<LifeState, 'openWindowId' | 'proposals' | 'settlements' | 'besides'>;

const NOTHING: Locked = {
  statement: undefined,
  objection: undefined,
  payment: undefined,
  request: undefined,
  prefund: 0,
};

async function locked(transaction: Knex, table: string, column: string, id: string): Promise<Row | undefined> {
  const [row] = await transaction<Row>(table).where(column, id).forUpdate().select('*');
  return row;
}

/** A balance with no row yet: insert zero, then lock. */
async function lockPrefund(transaction: Knex, homeRegion: string, treatmentRegion: string): Promise<number> {
  const key = { home_region: homeRegion, treatment_region: treatmentRegion };
  await transaction('prefund')
    .insert({ ...key, balance_fen: 0 })
    .onConflict(Object.keys(key))
    .merge(Object.keys(key));
  const [row] = await transaction<Row>('prefund').where(key).forUpdate().select('*');
  return exactInteger(row?.balance_fen);
}

/**
 * Locks the subject and what it hangs on, always statement before window, run before payment, the prefund for all its requests; only
 * then anything is read without a lock, so that what is read is as fresh as the locks.
 */
async function lockSubject(
  transaction: Knex,
  { kind, id }: LifeNeed['subject'],
  pair: Pair | undefined,
): Promise<Locked> {
  if (!canBeId(id)) return NOTHING;
  switch (kind) {
    case 'statement': {
      const row = await locked(transaction, 'clearing_statement', 'statement_id', id);
      if (row === undefined) return NOTHING;
      const [window] = await transaction<Row>('clearing_window')
        .where('window_id', exactInteger(row.window_id))
        .forUpdate();
      // Reconciled and not issued: clearing is still at it, or died over it.
      if (!hasReached(window?.state as WindowState, 'issued')) return NOTHING;
      return { ...NOTHING, statement: statementLifeOf({ ...row, business_date: window?.business_date }) };
    }
    case 'objection': {
      const row = await locked(transaction, 'objection', 'objection_id', id);
      return row === undefined ? NOTHING : { ...NOTHING, objection: objectionOf(row) };
    }
    case 'payment': {
      const run = await locked(transaction, 'payment_run', 'run_id', runOfPayment(id));
      const row = await locked(transaction, 'payment', 'payment_id', id);
      if (row === undefined) return NOTHING;
      return { ...NOTHING, payment: paymentOf({ ...run, ...row }) };
    }
    case 'prefund': {
      const [home = '', treatment = ''] = id.split('-');
      const prefund = await lockPrefund(transaction, home, treatment);
      const [row] = await transaction<Row>('prefund_request')
        .where({ home_region: home, treatment_region: treatment })
        .whereIn('state', ['requested', 'reviewed'])
        .limit(1)
        .select('*');
      return { ...NOTHING, prefund, request: row === undefined ? undefined : requestOf(row) };
    }
    case 'request': {
      const prefund = pair === undefined ? 0 : await lockPrefund(transaction, pair.homeRegion, pair.treatmentRegion);
      const [row] = await transaction<Row>('prefund_request').where('request_id', id).select('*');
      return { ...NOTHING, prefund, request: row === undefined ? undefined : requestOf(row) };
    }
  }
}

/**
 * The pair that a request is for, found before the transaction: it never changes, and the prefund is what is locked. One that
 * is not made yet says it itself: the yearly ones are named `year-home-treatment`.
 */
async function pairOfRequest(knex: Knex, { kind, id }: LifeNeed['subject']): Promise<Pair | undefined> {
  if (kind !== 'request' || !canBeId(id)) return undefined;
  const [row] = await knex<Row>('prefund_request').where('request_id', id).select('*');
  if (row !== undefined) return requestOf(row);
  const [, homeRegion, treatmentRegion] = /^\d{4}-(\d{6})-(\d{6})$/.exec(id) ?? [];
  return homeRegion === undefined || treatmentRegion === undefined ? undefined : { homeRegion, treatmentRegion };
}

async function stateOf(transaction: Knex.Transaction, need: LifeNeed, pair?: Pair): Promise<LifeState> {
  const { subject, settlementIds = [] } = need;
  const found = await lockSubject(transaction, subject, pair);
  const openWindowId = await holdOpenWindow(transaction);
  const { statement, objection } = found;
  const ids = [...settlementIds, ...(objection === undefined ? [] : [objection.settlementId])].filter(canBeId);
  await lockSettlements(transaction, ids);
  const proposals = canBeId(subject.id)
    ? await transaction<Row>('proposal')
        .where({ subject_kind: subject.kind, subject_id: subject.id })
        .orderBy('proposal_id')
        .select('*')
    : [];
  const besides =
    statement === undefined
      ? []
      : await transaction<Row>('clearing_statement')
          .where('window_id', statement.windowId)
          .whereNot('statement_id', statement.statementId)
          .select('state');
  const rows =
    ids.length === 0
      ? []
      : await rowsOf<Row>(transaction, `${OBJECTED_SETTLEMENTS} WHERE s.settlement_id IN (${marks(ids)})`, ids);
  const settlements = rows.map(objectedSettlementOf);
  return {
    ...found,
    openWindowId,
    proposals: proposals.map(proposalOf),
    besides: besides.map(({ state }) => state as StatementState),
    settlements: new Map(settlements.map((settlement) => [settlement.settlementId, settlement])),
  };
}

/**
 * Replaces a row by its key, or makes it. Not by `ON DUPLICATE KEY`, which would also replace another row that has the same
 * bank reference.
 */
async function put(transaction: Knex, table: string, key: string, row: Row): Promise<void> {
  const found = await transaction(table)
    .where(key, row[key] as string)
    .update(row);
  if (found === 0) await transaction(table).insert(row);
}

const UNPAID = `SELECT 1 FROM payment p WHERE p.run_id = clearing_statement.run_id AND p.state <> 'paid'
  AND (p.payer IN (clearing_statement.home_region, clearing_statement.treatment_region)
    OR p.payee IN (clearing_statement.home_region, clearing_statement.treatment_region))`;

/** A statement is paid when no payment of its run that concerns one of its two counties is outstanding. */
async function settleRun(transaction: Knex, runId: string, atMs: number): Promise<void> {
  await transaction('clearing_statement')
    .where({ run_id: runId, state: 'instructed' })
    .whereRaw(`NOT EXISTS (${UNPAID})`)
    .update({ state: 'paid' });
  const windows = transaction('clearing_statement').where('run_id', runId).distinct('window_id');
  const unpaid = `SELECT 1 FROM clearing_statement t WHERE t.window_id = clearing_window.window_id AND t.state <> 'paid'`;
  await transaction('clearing_window')
    .where('state', 'confirmed')
    .whereIn('window_id', windows)
    .whereRaw(`NOT EXISTS (${unpaid})`)
    .update({ state: 'paid', paid_at_ms: atMs });
}

async function write(transaction: Knex.Transaction, writes: LifeWrites): Promise<void> {
  const { proposal, statement, payment, request, prefund, atMs } = writes;
  if (proposal !== undefined) await put(transaction, 'proposal', 'proposal_id', proposalRow(proposal));
  if (statement !== undefined) {
    await transaction('clearing_statement')
      .where('statement_id', statement.statementId)
      .update({ state: statement.state, disputed_fen: exactInteger(statement.disputed) });
  }
  if (statement !== undefined && writes.windowState !== undefined) {
    const confirmed = writes.windowState === 'confirmed';
    await transaction('clearing_window')
      .where('window_id', statement.windowId)
      .whereIn('state', confirmed ? ['issued'] : ['confirmed'])
      .update({ state: writes.windowState, confirmed_at_ms: confirmed ? atMs : null });
  }
  for (const objection of writes.objections ?? []) {
    await put(transaction, 'objection', 'objection_id', objectionRow(objection));
  }
  await insertRows(transaction, 'clearing_adjustment', (writes.adjustments ?? []).map(adjustmentRow));
  for (const entry of writes.entries ?? []) await enter(transaction, entry);
  if (payment !== undefined) {
    await transaction('payment').where('payment_id', payment.paymentId).update(paymentRow(payment));
  }
  if (writes.settlesRun !== undefined) await settleRun(transaction, writes.settlesRun, atMs);
  if (request !== undefined) await put(transaction, 'prefund_request', 'request_id', requestRow(request));
  if (prefund !== undefined) {
    await transaction('prefund')
      .where({ home_region: prefund.homeRegion, treatment_region: prefund.treatmentRegion })
      .update({ balance_fen: exactInteger(prefund.balance) });
  }
}

/** Nothing can be confirmed or paid in a window in which nobody owes anything: it is through with the run of its month. */
async function payEmptyWindows(transaction: Knex, lastDate: string, atMs: number): Promise<void> {
  await transaction('clearing_window')
    .where('state', 'issued')
    .where('business_date', '<=', lastDate)
    .whereRaw('NOT EXISTS (SELECT 1 FROM clearing_statement t WHERE t.window_id = clearing_window.window_id)')
    .update({ state: 'paid', confirmed_at_ms: atMs, paid_at_ms: atMs });
}

/** Statements that both sides confirmed, of windows up to a day. Statement rows alone are locked, never windows before them. */
async function lockConfirmed(transaction: Knex, lastDate: string): Promise<StatementLife[]> {
  const rows = await transaction<Row>('clearing_statement')
    .where('state', 'confirmed')
    .orderBy('statement_id')
    .forUpdate()
    .select('*');
  const windows = await transaction<Row>('clearing_window')
    .where('state', 'confirmed')
    .orWhere('state', 'issued')
    .select('window_id', 'business_date');
  const dates = new Map(windows.map((row) => [Number(row.window_id), row.business_date as string]));
  return rows
    .map((row: Row) => statementLifeOf({ ...row, business_date: dates.get(Number(row.window_id)) ?? '' }))
    .filter(({ businessDate }) => businessDate !== '' && businessDate <= lastDate);
}

const ROWS_AT_ONCE = 500;

/** The life of statements after the night, in the database. */
export function createLifeStore(knex: Knex): LifeStore {
  return {
    async transact(need, decide) {
      const pair = await pairOfRequest(knex, need.subject);
      return inTransaction(knex, async (transaction) => {
        const { writes, result } = decide(await stateOf(transaction, need, pair));
        if (writes !== undefined) await write(transaction, writes);
        return result;
      });
    },

    instruct: (runId, lastDate, decide) =>
      inTransaction(knex, async (transaction) => {
        // Made before anything is read, so that of two at once the second waits here and finds the first one's.
        const unmade = { run_id: runId, statements: -1, items_hash: '', instructed_at_ms: 0, instructed_by: '' };
        await transaction('payment_run').insert(unmade).onConflict('run_id').merge(['run_id']);
        const made = await locked(transaction, 'payment_run', 'run_id', runId);
        invariant(made !== undefined, 'the row of a run is there');
        if (exactInteger(made.statements) >= 0) return runOf(made);
        const statements = await lockConfirmed(transaction, lastDate);
        const { run, payments, entry } = decide(statements);
        await transaction('payment_run').where('run_id', runId).update({
          statements: run.statements,
          items_hash: run.itemsHash,
          instructed_at_ms: run.instructedAtMs,
          instructed_by: run.instructedBy,
        });
        await insertRows(transaction, 'payment', payments.map(paymentRow));
        for (let from = 0; from < statements.length; from += ROWS_AT_ONCE) {
          const ids = statements.slice(from, from + ROWS_AT_ONCE).map(({ statementId }) => statementId);
          await transaction('clearing_statement')
            .whereIn('statement_id', ids)
            .update({ state: 'instructed', run_id: runId });
        }
        if (entry !== undefined) await enter(transaction, entry);
        await payEmptyWindows(transaction, lastDate, run.instructedAtMs);
        await settleRun(transaction, runId, run.instructedAtMs);
        return run;
      }),

    async reversedDeductions(limit) {
      const rows = await rowsOf<Row>(
        knex,
        `SELECT o.* FROM objection o
         JOIN settlement s ON s.settlement_id = o.settlement_id
         JOIN settlement r ON r.bill_key = s.bill_key AND r.attempt = -s.attempt
         WHERE o.state = 'decided' AND o.deducted_fen > 0 AND o.undone_at_ms IS NULL
         ORDER BY o.objection_id LIMIT ?`,
        [limit],
      );
      return rows.map(objectionOf);
    },

    undoDeduction: (objectionId, atMs, decide) =>
      inTransaction(knex, async (transaction) => {
        const subject = { kind: 'objection', id: objectionId } as const;
        const { objection, settlements, openWindowId } = await stateOf(transaction, { subject });
        if (objection === undefined || objection.undoneAtMs !== undefined) return;
        const settlement = settlements.get(objection.settlementId);
        invariant(settlement !== undefined, 'the settlement of an objection is there');
        const { adjustments, entry } = decide(objection, settlement, openWindowId);
        await write(transaction, {
          objections: [{ ...objection, undoneAtMs: atMs }],
          adjustments,
          entries: [entry],
          atMs,
        });
      }),
  };
}
