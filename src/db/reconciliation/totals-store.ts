import type { Knex } from 'knex';
import type { TotalsStore } from '../../app/reconciliation/ports.ts';
import { CLEARING_TYPES } from '../../core/reconcile/totals.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';

export function createTotalsStore(knex: Knex): TotalsStore {
  return {
    async totals({ institutionId, from, to, scheme, clearingType, refund }) {
      const benefits = Object.entries(CLEARING_TYPES).flatMap(([benefit, type]) =>
        type === clearingType ? [benefit] : [],
      );
      const query = knex('settlement')
        .where({ institution_id: institutionId, scheme })
        .whereIn('benefit', benefits)
        .whereBetween('settled_on', [from, to]);
      if (refund === true) void query.whereNotNull('reverses');
      if (refund === false) void query.whereNull('reverses');
      const sums = ['total_fen', 'fund_total_fen', 'account_fen'].map(
        (column) => `COALESCE(SUM(${column}), 0) AS ${column}`,
      );
      const rows: Row[] = await query.select(knex.raw(['COUNT(*) AS settlements', ...sums].join(', ')));
      const [row] = rows;
      return {
        settlements: exactInteger(row?.settlements),
        total: exactInteger(row?.total_fen),
        fundTotal: exactInteger(row?.fund_total_fen),
        account: exactInteger(row?.account_fen),
      };
    },
  };
}
