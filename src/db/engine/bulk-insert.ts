import type { Knex } from 'knex';

/** SQLite takes 32,766 values in a statement, and knex compiles smaller statements faster. */
const ROWS_MAX = 400;

/** Columns to replace in rows that are there already, and the key by which they are. */
export interface Replacing {
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** Inserts any number of rows, a few hundred a statement. */
export async function insertRows(
  transaction: Knex,
  table: string,
  rows: readonly object[],
  replacing?: Replacing,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_MAX) {
    const insert = transaction(table).insert(rows.slice(from, from + ROWS_MAX));
    if (replacing === undefined) await insert;
    else await insert.onConflict([...replacing.key]).merge([...replacing.columns]);
  }
}
