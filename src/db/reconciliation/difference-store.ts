import type { Knex } from 'knex';
import type {
  AdjustmentSink,
  Decision,
  DifferenceFilter,
  DifferenceStore,
  WindowAdjustment,
} from '../../app/reconciliation/ports.ts';
import { AppError } from '../../platform/errors.ts';
import { isUniqueConflict } from '../engine/driver-errors.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { enter, holdOpenWindow, lockSettlements } from '../ledger/journal.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { adjustmentRow } from '../lifecycle/life-rows.ts';
import { differenceOf } from './difference-rows.ts';

const MATCHED = "run_id IN (SELECT run_id FROM reconciliation_run WHERE state = 'matched')";

type State = 'open' | 'proposed';

/** Changes a difference that is in one of some states and whose run is not closed or superseded. */
async function decide(
  knex: Knex,
  { runId, differenceNo }: Decision,
  from: readonly State[],
  columns: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const changed = await knex('reconciliation_difference')
    .where({ run_id: runId, difference_no: differenceNo })
    .whereIn('state', [...from])
    .whereRaw(MATCHED)
    .update(columns);
  return changed > 0;
}

function decided({ by, atMs, reason }: Decision, state: 'accepted' | 'refused'): Readonly<Record<string, unknown>> {
  return { state, decided_by: by, decided_at_ms: atMs, reason };
}

function alreadyCorrected(): AppError {
  return new AppError('ALREADY_CORRECTED', 'another difference of this settlement was accepted with money', {
    status: 409,
    help: 'refuse this one, or look at the other first',
  });
}

/** A settlement is corrected with money once; two files that say the same must not correct it twice. */
async function onlyOnce<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueConflict(error)) throw alreadyCorrected();
    throw error;
  }
}

function listed(knex: Knex, { runId, class: kind, state, region, party, after, limit }: DifferenceFilter) {
  const query = knex<Row>('reconciliation_difference as d').orderBy(['d.run_id', 'd.difference_no']).limit(limit);
  if (runId !== undefined) void query.where('d.run_id', runId);
  if (kind !== undefined) void query.where('d.class', kind);
  if (state !== undefined) void query.where('d.state', state);
  if (party !== undefined || region !== undefined) void query.join('reconciliation_run as r', 'r.run_id', 'd.run_id');
  if (party !== undefined) void query.where('r.party', party);
  if (region !== undefined) {
    void query.where((either) => {
      void either.where('r.region', region).orWhere('d.home_region', region).orWhere('d.treatment_region', region);
    });
  }
  if (after !== undefined) {
    const { runId: run, differenceNo } = after;
    void query.where((either) => {
      void either.where('d.run_id', '>', run).orWhere((same) => {
        void same.where('d.run_id', run).where('d.difference_no', '>', differenceNo);
      });
    });
  }
  return query.select('d.*');
}

export function createDifferenceStore(knex: Knex): DifferenceStore {
  return {
    async find(runId, differenceNo) {
      const key = { run_id: runId, difference_no: differenceNo };
      const [row] = await knex<Row>('reconciliation_difference').where(key).select('*');
      return row === undefined ? undefined : differenceOf(row);
    },

    async list(filter) {
      return ((await listed(knex, filter)) as Row[]).map(differenceOf);
    },

    async countByClass(runId) {
      const sql =
        'SELECT class, COUNT(*) AS n FROM reconciliation_difference WHERE run_id = ? GROUP BY class ORDER BY class';
      const rows = await rowsOf<Row>(knex, sql, [runId]);
      return Object.fromEntries(rows.map((row) => [row.class as string, exactInteger(row.n)]));
    },

    async requireUncorrected(settlementId) {
      const own = knex<Row>('reconciliation_difference').where('corrects', settlementId).limit(1);
      if ((await own.select('run_id')).length > 0) throw alreadyCorrected();
    },

    propose: (decision, region) =>
      decide(knex, decision, ['open'], {
        state: 'proposed',
        proposed_by: decision.by,
        proposed_region: region,
        proposed_at_ms: decision.atMs,
        reason: decision.reason,
      }),

    refuse: (decision) => decide(knex, decision, ['open', 'proposed'], decided(decision, 'refused')),

    accept(decision, outcome) {
      if (outcome === undefined) return decide(knex, decision, ['open'], decided(decision, 'accepted'));
      const { reversalId, settlementId } = outcome;
      const columns = { ...decided(decision, 'accepted'), outcome_id: reversalId, corrects: settlementId };
      return onlyOnce(() => decide(knex, decision, ['proposed'], columns));
    },
  };
}

/** The one place that tells clearing what a correction adds to the open window's gross. */
async function writeAdjustment(
  transaction: Knex.Transaction,
  adjustment: WindowAdjustment,
  entryId: string,
): Promise<void> {
  const { homeRegion, treatmentRegion, institutionId, scheme, amount } = adjustment;
  const about = { homeRegion, treatmentRegion, institutionId, scheme, amount };
  const windowId = await holdOpenWindow(transaction);
  const row = adjustmentRow({ ...about, windowId, layer: 'pool', subjectId: entryId, kind: 'correction' });
  await transaction('clearing_adjustment').insert(row);
}

/** What is disputed, or was taken off in a dispute, is not taken off again because a file says so. */
async function refuseObjected(transaction: Knex.Transaction, settlementId: string): Promise<void> {
  const standing = transaction<Row>('objection')
    .where('settlement_id', settlementId)
    .where((either) => void either.whereNot('state', 'decided').orWhere('deducted_fen', '>', 0));
  const [objection] = await standing.whereNull('undone_at_ms').select('objection_id');
  if (objection === undefined) return;
  throw new AppError('ITEM_OBJECTED', 'the settlement is under objection, or an objection to it was upheld', {
    status: 409,
    help: 'refuse this one: the objection decides what is paid',
    extra: { objectionId: objection.objection_id as string },
  });
}

export function createAdjustmentSink(knex: Knex): AdjustmentSink {
  return {
    adjust: (decision, entry, adjustment) =>
      onlyOnce(() =>
        inTransaction(knex, async (transaction) => {
          const columns = { ...decided(decision, 'accepted'), outcome_id: entry.entryId, corrects: entry.subjectId };
          if (!(await decide(transaction, decision, ['proposed'], columns))) return false;
          await lockSettlements(transaction, [entry.subjectId]);
          await refuseObjected(transaction, entry.subjectId);
          await enter(transaction, entry);
          await writeAdjustment(transaction, adjustment, entry.entryId);
          return true;
        }),
      ),
  };
}
