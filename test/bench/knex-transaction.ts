import createKnex, { type Knex } from 'knex';
import type { Row } from '../../src/db/engine/raw-rows.ts';
import type { SqlValue } from '../../src/db/engine/sql-text.ts';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { WRITTEN_TABLES, type WrittenTable } from '../../src/db/settlement/settlement-rows.ts';

// What most would write: a transaction a bill through knex, a statement a table.

/** More connections than this only wait for each other on few cores. */
const CONNECTIONS = 16;

/** A pool as most would set it up. */
export function openKnex(url: string): Knex {
  return createKnex({
    client: 'mysql2',
    connection: { ...parseMysqlAddress(url), charset: 'utf8mb4' },
    pool: { min: CONNECTIONS, max: CONNECTIONS },
  });
}

/** What a bill needs to know; the person and the account stay locked. */
export interface KnexState {
  readonly attempts: readonly Row[];
  readonly persons: readonly Row[];
  readonly accumulators: readonly Row[];
}

export async function readState(transaction: Knex.Transaction, personId: string, billKey: string): Promise<KnexState> {
  return {
    attempts: await transaction('settlement').where('bill_key', billKey).select('settlement_id'),
    persons: await transaction('person')
      .join('account', 'account.person_id', 'person.person_id')
      .where('person.person_id', personId)
      .select('person.*', 'current_fen', 'carried_fen')
      .forUpdate(),
    accumulators: await transaction('accumulator').where('person_id', personId).select('*'),
  };
}

async function writeTable(
  transaction: Knex.Transaction,
  { table, columns, replaces }: WrittenTable,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const records = rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
  const insert = transaction(table).insert(records);
  if (replaces === undefined) {
    await insert;
    return;
  }
  const values = (column: string): [string, Knex.Raw] => [column, transaction.raw('VALUES(??)', [column])];
  const merged = Object.fromEntries(replaces.columns.map(values));
  if (replaces.counts !== undefined) merged[replaces.counts] = transaction.raw('??+1', [replaces.counts]);
  await insert.onConflict([...replaces.key]).merge(merged);
}

/** Writes the rows of a bill, table by table. */
export async function writeTables(
  transaction: Knex.Transaction,
  rowsOf: (table: (typeof WRITTEN_TABLES)[number]) => readonly (readonly SqlValue[])[],
): Promise<void> {
  for (const written of WRITTEN_TABLES) await writeTable(transaction, written, rowsOf(written));
}
