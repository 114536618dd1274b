import type { Knex } from 'knex';
import type { MatchStore, ReconciliationRun } from '../../app/reconciliation/ports.ts';
import type { Difference } from '../../core/reconcile/classify.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { candidatesOf } from './candidate-rows.ts';
import { removeKept } from './run-store.ts';

/** So many ids are looked into at a time: what differs is rarely more than one page. */
const IDS_A_PAGE = 2000;

const UNMATCHED = `SELECT settlement_id FROM reconciliation_unmatched WHERE run_id = ? AND settlement_id > ?
  ORDER BY settlement_id LIMIT ${IDS_A_PAGE}`;

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

export function createMatchStore(knex: Knex): MatchStore {
  return {
    async *unmatched(run) {
      let after = '';
      for (;;) {
        const rows = await rowsOf<Row>(knex, UNMATCHED, [run.runId, after]);
        const ids = rows.map((row) => row.settlement_id as string);
        if (ids.length > 0) yield await candidatesOf(knex, run, ids);
        if (ids.length < IDS_A_PAGE) return;
        after = ids.at(-1) ?? '';
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

    async matched(runId, differences, nowMs) {
      await inTransaction(knex, async (transaction) => {
        const [run] = await transaction<Row>('reconciliation_run').where('run_id', runId).forUpdate().select('*');
        const { source, party, window_id: windowId } = run as Row;
        const others = { source: source as string, party: party as string, window_id: exactInteger(windowId) };
        await transaction('reconciliation_run')
          .where(others)
          .where('run_id', '<>', runId)
          .whereIn('state', ['loaded', 'matched'])
          .update({ state: 'superseded' });
        await transaction('reconciliation_run').where({ run_id: runId, state: 'loaded' }).update({
          state: 'matched',
          difference_count: differences,
          matched_at_ms: nowMs,
          touched_at_ms: nowMs,
        });
      });
      await removeKept(knex, runId);
    },
  };
}
