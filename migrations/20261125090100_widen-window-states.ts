import type { Knex } from 'knex';

const BEFORE = ['open', 'closed', 'issued'];
const AFTER = ['open', 'closed', 'reconciled', 'issued', 'confirmed', 'paid'];
const NEW_INSTANTS = ['reconciled_at_ms', 'confirmed_at_ms', 'paid_at_ms'];
const OLD_COLUMNS = ['window_id', 'business_date', 'state', 'opened_at_ms', 'closed_at_ms', 'issued_at_ms'];

function check(states: readonly string[]): string {
  return `CONSTRAINT clearing_window_state CHECK (state IN (${states.map((state) => `'${state}'`).join(', ')}))`;
}

/** SQLite changes no constraint of a table: the table is made again beside the old one and takes its name. */
async function remakeOnSqlite(knex: Knex, states: readonly string[], instants: readonly string[]): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction.raw('DROP TABLE IF EXISTS clearing_window_next');
    await transaction.raw(`
      CREATE TABLE clearing_window_next (
        window_id INT NOT NULL PRIMARY KEY,
        business_date CHAR(10) NOT NULL,
        state VARCHAR(10) NOT NULL,
        opened_at_ms BIGINT NOT NULL,
        closed_at_ms BIGINT,
        issued_at_ms BIGINT,
        ${instants.map((column) => `${column} BIGINT,`).join(' ')}
        CONSTRAINT clearing_window_date UNIQUE (business_date),
        ${check(states)}
      )`);
    const columns = OLD_COLUMNS.join(', ');
    await transaction.raw(`INSERT INTO clearing_window_next (${columns}) SELECT ${columns} FROM clearing_window`);
    await transaction.raw('DROP TABLE clearing_window');
    await transaction.raw('ALTER TABLE clearing_window_next RENAME TO clearing_window');
  });
}

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

/** A window goes on after it is issued: confirmed by both sides of every statement, then paid. */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasColumn('clearing_window', 'paid_at_ms')) return;
  if (!isMysql(knex)) {
    await remakeOnSqlite(knex, AFTER, NEW_INSTANTS);
    return;
  }
  const columns = NEW_INSTANTS.map((column) => `ADD COLUMN ${column} BIGINT`).join(', ');
  await knex.raw(`ALTER TABLE clearing_window DROP CONSTRAINT clearing_window_state,
    MODIFY state VARCHAR(10) NOT NULL, ${columns}, ADD ${check(AFTER)}`);
}

export async function down(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable('clearing_window'))) return;
  if (!(await knex.schema.hasColumn('clearing_window', 'paid_at_ms'))) return;
  await knex('clearing_window').where('state', 'reconciled').update({ state: 'closed' });
  await knex('clearing_window').whereIn('state', ['confirmed', 'paid']).update({ state: 'issued' });
  if (!isMysql(knex)) {
    await remakeOnSqlite(knex, BEFORE, []);
    return;
  }
  const columns = NEW_INSTANTS.map((column) => `DROP COLUMN ${column}`).join(', ');
  await knex.raw(`ALTER TABLE clearing_window DROP CONSTRAINT clearing_window_state, ${columns}, ADD ${check(BEFORE)}`);
}
