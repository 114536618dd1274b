import { setImmediate } from 'node:timers/promises';
import type { Database as RawSqlite, Statement } from 'better-sqlite3';
import type { Knex } from 'knex';
import type { Need, SettlementStore, State, Writes } from '../../app/ports.ts';
import { insideTransaction } from '../../platform/transaction-guard.ts';
import { checkWrites } from './check-writes.ts';
import { ourError } from '../engine/driver-errors.ts';
import { SETTLEMENTS_WITH_DOCUMENTS, stateOf, WRITTEN_TABLES, type WrittenTable } from './settlement-rows.ts';
import type { Row } from '../engine/raw-rows.ts';

const IN_LIST = 'IN (SELECT value FROM json_each(?))';

function insertInto({ table, columns, replaces }: WrittenTable): string {
  const insert = `INSERT INTO ${table}(${columns.join(',')})VALUES(${columns.map(() => '?').join(',')})`;
  if (replaces === undefined) return insert;
  const updates = replaces.columns.map((column) => `${column}=excluded.${column}`);
  if (replaces.counts !== undefined) updates.push(`${replaces.counts}=${replaces.counts}+1`);
  return `${insert} ON CONFLICT(${replaces.key.join(',')})DO UPDATE SET ${updates.join(',')}`;
}

/** Everything the write path says to SQLite, prepared once a connection. */
function prepare(raw: RawSqlite) {
  const reads = <P extends unknown[]>(sql: string): Statement<P, Row> => raw.prepare<P, Row>(sql);
  return {
    window: reads<[]>('SELECT window_id FROM open_window WHERE id=1'),
    persons: reads<
      [string]
    >(`SELECT p.person_id,p.home_region,p.scheme,p.name,p.facts,p.copied_at_ms,a.current_fen,a.carried_fen
      FROM person p JOIN account a ON a.person_id=p.person_id WHERE p.person_id ${IN_LIST}`),
    accumulators: reads<[string]>(`SELECT person_id,bucket,amounts FROM accumulator WHERE person_id ${IN_LIST}`),
    attempts: reads<[string]>(`${SETTLEMENTS_WITH_DOCUMENTS} WHERE s.bill_key ${IN_LIST} ORDER BY s.settlement_id`),
    history: reads<[string, string]>(
      `${SETTLEMENTS_WITH_DOCUMENTS} WHERE s.person_id=? AND s.settlement_id>=? ORDER BY s.settlement_id`,
    ),
    inserts: WRITTEN_TABLES.map((written) => ({ insert: raw.prepare(insertInto(written)), rowsOf: written.rowsOf })),
  };
}

type Prepared = ReturnType<typeof prepare>;

function readState(statements: Prepared, { personIds, billKeys, historySince }: Need): State {
  const ids = JSON.stringify(personIds);
  return stateOf({
    window: statements.window.all(),
    persons: statements.persons.all(ids),
    accumulators: statements.accumulators.all(ids),
    attempts: billKeys.length === 0 ? [] : statements.attempts.all(JSON.stringify(billKeys)),
    history: historySince === undefined ? [] : statements.history.all(historySince.personId, historySince.settlementId),
  });
}

function write({ inserts }: Prepared, writes: Writes): void {
  checkWrites(writes);
  for (const { insert, rowsOf } of inserts) for (const row of rowsOf(writes)) insert.run(row);
}

/**
 * The write path on SQLite, synchronous on the one connection that knex has too: whoever wants it waits in knex's pool,
 * so an open knex transaction and a batch never lock each other out.
 */
export function createSqliteSettlementStore(knex: Knex): SettlementStore {
  const client = knex.client as {
    acquireConnection(): Promise<RawSqlite>;
    releaseConnection(raw: RawSqlite): Promise<void>;
  };
  const preparedFor = new WeakMap<RawSqlite, Prepared>();

  function statementsOf(raw: RawSqlite): Prepared {
    const known = preparedFor.get(raw) ?? prepare(raw);
    preparedFor.set(raw, known);
    return known;
  }

  async function inTransaction<T>(begin: string, work: (statements: Prepared) => T): Promise<T> {
    let raw: RawSqlite | undefined;
    try {
      // All of it is synchronous: without a turn in between, one batch after the other would starve timers and sockets.
      await setImmediate();
      raw = await client.acquireConnection();
      raw.exec(begin);
      const statements = statementsOf(raw);
      const result = insideTransaction(() => work(statements));
      raw.exec('COMMIT');
      return result;
    } catch (error) {
      if (raw?.inTransaction === true) raw.exec('ROLLBACK');
      throw ourError(error);
    } finally {
      if (raw !== undefined) await client.releaseConnection(raw);
    }
  }

  return {
    transact: (need, decide) =>
      inTransaction('BEGIN IMMEDIATE', (statements) => {
        const { writes, result } = decide(readState(statements, need));
        write(statements, writes);
        return result;
      }),
    read: (need) => inTransaction('BEGIN', (statements) => readState(statements, need)),
  };
}
