import type { Knex } from 'knex';
import { valuesText, type SqlValue } from './sql-text.ts';
import { isMysql } from './is-mysql.ts';

/** How rows are written, and what of those that are there already is replaced. */
export interface FastInsert {
  readonly table: string;
  readonly columns: readonly string[];
  readonly replaces?: { readonly key: readonly string[]; readonly columns: readonly string[] };
}

const ROWS_MAX = 1000;

/** One text of values on MariaDB, one JSON list on SQLite: a value a placeholder would cost more than the rows. */
export async function insertFast(
  transaction: Knex,
  { table, columns, replaces }: FastInsert,
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  const list = columns.join(',');
  for (let from = 0; from < rows.length; from += ROWS_MAX) {
    const some = rows.slice(from, from + ROWS_MAX);
    if (isMysql(transaction)) {
      const updates = replaces?.columns.map((column) => `${column}=VALUES(${column})`).join(',');
      const tail = updates === undefined ? '' : ` ON DUPLICATE KEY UPDATE ${updates}`;
      // A question mark in a value is no placeholder.
      const text = valuesText(some).replaceAll('?', '\\?');
      await transaction.raw(`INSERT INTO ${table}(${list})VALUES${text}${tail}`);
    } else {
      const values = columns.map((_, at) => `value->>${at}`).join(',');
      const updates = replaces?.columns.map((column) => `${column}=excluded.${column}`).join(',');
      const tail =
        replaces === undefined ? '' : ` ON CONFLICT(${replaces.key.join(',')})DO UPDATE SET ${String(updates)}`;
      await transaction.raw(`INSERT INTO ${table}(${list})SELECT ${values} FROM json_each(?) WHERE true${tail}`, [
        JSON.stringify(some),
      ]);
    }
  }
}
