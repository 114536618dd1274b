import type { Knex } from 'knex';
import type { Provisional, ProvisionalState, ProvisionalStore } from '../../app/standin/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId } from '../engine/sql-text.ts';

/** Corrections are few: the index by state leads to all of them. */
const REJECTED_WITHOUT_CASE = `SELECT p.* FROM provisional_settlement p
  WHERE p.state = 'corrected' AND p.corrected_by IS NULL AND p.settlement_id > ?
    AND NOT EXISTS (SELECT 1 FROM casework_case c
      WHERE c.reason = 'correctionRejected' AND c.subject_id = p.settlement_id)
  ORDER BY p.settlement_id LIMIT ?`;

function provisionalOf(row: Row): Provisional {
  const optional = (column: string): number | undefined => {
    return row[column] === null ? undefined : exactInteger(row[column]);
  };
  return {
    settlementId: row.settlement_id as string,
    homeRegion: row.home_region as string,
    personId: row.person_id as string,
    day: row.day as string,
    amount: exactInteger(row.amount_fen),
    reason: row.reason as string,
    copiedAtMs: exactInteger(row.copied_at_ms),
    settledAtMs: exactInteger(row.settled_at_ms),
    state: row.state as ProvisionalState,
    resolvedAtMs: optional('resolved_at_ms'),
    correctedBy: (row.corrected_by as string | null) ?? undefined,
    difference: optional('difference_fen'),
  };
}

export function createProvisionalStore(knex: Knex): ProvisionalStore {
  const table = () => knex<Row>('provisional_settlement');
  return {
    async open(region, limit) {
      const rows = await table()
        .where({ home_region: region, state: 'provisional' })
        .orderBy(['settled_at_ms', 'settlement_id'])
        .limit(limit);
      return rows.map(provisionalOf);
    },

    async byIds(settlementIds) {
      const ids = settlementIds.filter(canBeId);
      return ids.length === 0 ? [] : (await table().whereIn('settlement_id', ids)).map(provisionalOf);
    },

    async correctedSince(sinceMs) {
      const rows = await table().where('state', 'corrected').where('resolved_at_ms', '>=', sinceMs);
      return rows.map(provisionalOf);
    },

    async resolve({ settlementId, state, atMs, correctedBy, difference }) {
      await knex('provisional_settlement')
        .where({ settlement_id: settlementId, state: 'provisional' })
        .update({
          state,
          resolved_at_ms: atMs,
          corrected_by: correctedBy ?? null,
          difference_fen: difference ?? null,
        });
    },

    async rejectedWithoutCase(after, limit) {
      return (await rowsOf<Row>(knex, REJECTED_WITHOUT_CASE, [after, limit])).map(provisionalOf);
    },

    async exposures() {
      const rows = await rowsOf<Row>(
        knex,
        `SELECT home_region, day, SUM(amount_fen) AS amount_fen, COUNT(*) AS settlements FROM provisional_settlement
         WHERE state = 'provisional' GROUP BY home_region, day ORDER BY home_region, day`,
      );
      return rows.map((row) => ({
        region: row.home_region as string,
        day: row.day as string,
        amount: exactInteger(row.amount_fen),
        settlements: exactInteger(row.settlements),
      }));
    },

    async takenOn(region, day) {
      const [row] = await rowsOf<Row>(
        knex,
        'SELECT COALESCE(SUM(amount_fen), 0) AS amount_fen FROM provisional_settlement WHERE home_region = ? AND day = ?',
        [region, day],
      );
      return exactInteger(row?.amount_fen);
    },
  };
}
