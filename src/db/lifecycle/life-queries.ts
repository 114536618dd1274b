import type { Knex } from 'knex';
import type { LifeQueries, ListQuery } from '../../app/lifecycle/ports.ts';
import { statementItemOf } from '../clearing/clearing-rows.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import {
  objectionOf,
  PAYMENTS,
  paymentOf,
  proposalOf,
  requestOf,
  runOf,
  statementLifeOf,
  STATEMENTS,
} from './life-rows.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId, marks } from '../engine/sql-text.ts';

// Through the index of the pair's items: one more on institutions would cost every settlement.
const INSTITUTION_ITEMS = `SELECT settlement_id, institution_id, bill_key, scheme, benefit, reverses, total_fen,
    fund_total_fen, account_fen
  FROM settlement WHERE window_id = ? AND home_region = ? AND treatment_region = ? AND settlement_id > ?
    AND institution_id = ? ORDER BY settlement_id LIMIT ?`;

// Grouped by the index of windows, so that it is a few seeks.
const PAIRS = `SELECT home_region, treatment_region, MIN(settlement_id) FROM settlement
  WHERE window_id = ? GROUP BY home_region, treatment_region`;

/** A condition on two columns of counties, either of which may be the one asked for. */
function ofCounty({ county }: ListQuery, one: string, other: string): { sql: string; values: string[] } {
  if (county === undefined) return { sql: '1 = 1', values: [] };
  return { sql: `(${one} = ? OR ${other} = ?)`, values: [county, county] };
}

/** The life of statements, for reading. */
export function createLifeQueries(knex: Knex): LifeQueries {
  const find = async (sql: string, id: string): Promise<Row | undefined> => {
    if (!canBeId(id)) return undefined;
    const [row] = await rowsOf<Row>(knex, sql, [id]);
    return row;
  };
  const map = <T>(row: Row | undefined, of: (row: Row) => T): T | undefined =>
    row === undefined ? undefined : of(row);

  return {
    proposal: async (id) => map(await find('SELECT * FROM proposal WHERE proposal_id = ?', id), proposalOf),

    async proposals(desk, state, limit) {
      const query = knex<Row>('proposal').orderBy('proposal_id', 'desc').limit(limit).select('*');
      if (desk !== undefined) void query.where('desk', desk);
      if (state !== undefined) void query.where('state', state);
      return (await query).map((row) => proposalOf(row));
    },

    statement: async (id) => map(await find(`${STATEMENTS} WHERE t.statement_id = ?`, id), statementLifeOf),

    async statements(states, query) {
      const own = ofCounty(query, 't.home_region', 't.treatment_region');
      const sql = `${STATEMENTS} WHERE t.state IN (${marks(states)}) AND ${own.sql}
        ORDER BY t.window_id, t.statement_id LIMIT ?`;
      return (await rowsOf<Row>(knex, sql, [...states, ...own.values, query.limit])).map(statementLifeOf);
    },

    async statementsOfRun(runId) {
      const sql = `${STATEMENTS} WHERE t.run_id = ? ORDER BY t.statement_id`;
      return (await rowsOf<Row>(knex, sql, [runId])).map(statementLifeOf);
    },

    objection: async (id) => map(await find('SELECT * FROM objection WHERE objection_id = ?', id), objectionOf),

    async objectionsOf(statementId) {
      const rows = await knex<Row>('objection').where('statement_id', statementId).orderBy('objection_id').select('*');
      return rows.map((row) => objectionOf(row));
    },

    async openObjections(query) {
      const own = ofCounty(query, 'home_region', 'treatment_region');
      const sql = `SELECT * FROM objection WHERE state IN ('open', 'answered') AND ${own.sql}
        ORDER BY objection_id LIMIT ?`;
      return (await rowsOf<Row>(knex, sql, [...own.values, query.limit])).map(objectionOf);
    },

    async institutionItems({ windowId, homeRegion, treatmentRegion, institutionId }, after, limit) {
      const values = [windowId, homeRegion, treatmentRegion, after, institutionId, limit];
      return (await rowsOf<Row>(knex, INSTITUTION_ITEMS, values)).map(statementItemOf);
    },

    async homesIn(windowId, treatmentRegion) {
      const rows = await rowsOf<Row>(knex, PAIRS, [windowId]);
      return rows.filter((row) => row.treatment_region === treatmentRegion).map((row) => row.home_region as string);
    },

    run: async (id) => map(await find('SELECT * FROM payment_run WHERE run_id = ?', id), runOf),

    payment: async (id) => map(await find(`${PAYMENTS} WHERE p.payment_id = ?`, id), paymentOf),

    async payments(runId, query) {
      const own = ofCounty(query, 'p.payer', 'p.payee');
      const which = runId === undefined ? "p.state <> 'paid'" : 'p.run_id = ?';
      const values = [...(runId === undefined ? [] : [runId]), ...own.values, query.limit];
      const sql = `${PAYMENTS} WHERE ${which} AND ${own.sql} ORDER BY p.payment_id LIMIT ?`;
      return (await rowsOf<Row>(knex, sql, values)).map(paymentOf);
    },

    async prefunds() {
      const rows = await knex<Row>('prefund').orderBy(['home_region', 'treatment_region']).select('*');
      return rows.map((row: Row) => ({
        homeRegion: row.home_region as string,
        treatmentRegion: row.treatment_region as string,
        balance: exactInteger(row.balance_fen),
      }));
    },

    request: async (id) => map(await find('SELECT * FROM prefund_request WHERE request_id = ?', id), requestOf),

    async requests(query) {
      const own = ofCounty(query, 'home_region', 'treatment_region');
      const sql = `SELECT * FROM prefund_request WHERE ${own.sql} ORDER BY request_id DESC LIMIT ?`;
      return (await rowsOf<Row>(knex, sql, [...own.values, query.limit])).map(requestOf);
    },
  };
}
