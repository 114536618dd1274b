import type { Knex } from 'knex';

/** A row as a driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows of a raw SELECT: knex hands over mysql2's [rows, fields] and better-sqlite3's rows as they come. */
export async function rowsOf<R extends object>(
  knex: Knex,
  sql: string,
  values: readonly (string | number)[] = [],
): Promise<readonly R[]> {
  const answer = (await knex.raw(sql, [...values])) as R[] | [R[], unknown];
  return Array.isArray(answer[0]) ? answer[0] : (answer as R[]);
}
