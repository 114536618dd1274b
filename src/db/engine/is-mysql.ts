import type { Knex } from 'knex';

/** Whether the other side is MariaDB or MySQL, and not SQLite. */
export function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}
