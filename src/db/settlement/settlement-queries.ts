import type { Knex } from 'knex';
import type { SettlementQueries } from '../../app/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { SETTLEMENTS_WITH_DOCUMENTS, settlementOf } from './settlement-rows.ts';
import { canBeId, marks } from '../engine/sql-text.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';

const TOTALS = `SELECT COALESCE(SUM(reverses IS NULL), 0) AS settlements, COALESCE(SUM(reverses IS NOT NULL), 0) AS reversals,
  COALESCE(SUM(total_fen), 0) AS total, COALESCE(SUM(fund_total_fen), 0) AS fund_total,
  COALESCE(SUM(account_fen), 0) AS account, COALESCE(SUM(cash_fen), 0) AS cash FROM settlement`;

export function createSettlementQueries(knex: Knex): SettlementQueries {
  const settlements = async (condition: string, values: readonly (string | number)[]) => {
    if (!values.every((value) => canBeId(String(value)))) return [];
    const rows = await rowsOf<Row>(knex, `${SETTLEMENTS_WITH_DOCUMENTS} ${condition}`, values);
    return rows.map(settlementOf);
  };

  return {
    async byId(settlementId) {
      const [found] = await settlements('WHERE s.settlement_id = ?', [settlementId]);
      return found;
    },

    async byIds(settlementIds) {
      if (settlementIds.length === 0) return [];
      return settlements(`WHERE s.settlement_id IN (${marks(settlementIds)})`, settlementIds);
    },

    byBill: (institutionId, billNumber) =>
      settlements('WHERE s.bill_key = ? ORDER BY s.settlement_id', [`${institutionId}/${billNumber}`]),

    latestOfInstitution: (institutionId, limit) =>
      settlements('WHERE s.institution_id = ? ORDER BY s.settlement_id DESC LIMIT ?', [institutionId, limit]),

    async totals() {
      const [sums = {}] = await rowsOf<Row>(knex, TOTALS);
      return {
        settlements: exactInteger(sums.settlements),
        reversals: exactInteger(sums.reversals),
        total: exactInteger(sums.total),
        fundTotal: exactInteger(sums.fund_total),
        account: exactInteger(sums.account),
        cash: exactInteger(sums.cash),
      };
    },

    async unbalanced() {
      const grouped = 'SELECT entry_id FROM posting GROUP BY entry_id HAVING SUM(amount_fen) <> 0';
      return (await rowsOf<Row>(knex, grouped)).map(({ entry_id }) => String(entry_id));
    },
  };
}
