import type { Knex } from 'knex';

const BEFORE = ['carried', 'deduction', 'undone'];
const AFTER = [...BEFORE, 'correction'];
const TABLE = 'clearing_adjustment';
const INDEX = 'clearing_adjustment_window';

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

function kindColumn(kinds: readonly string[]): string {
  return `kind VARCHAR(12) NOT NULL CHECK (kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')}))`;
}

/** SQLite changes no constraint of a table: the table is made again beside the old one and takes its name. */
async function remakeOnSqlite(knex: Knex, kinds: readonly string[]): Promise<void> {
  await knex.transaction(async (transaction) => {
    await transaction.raw(`DROP TABLE IF EXISTS ${TABLE}_next`);
    await transaction.raw(`
      CREATE TABLE ${TABLE}_next (
        window_id INT NOT NULL,
        home_region VARCHAR(12) NOT NULL,
        treatment_region VARCHAR(12) NOT NULL,
        institution_id VARCHAR(30) NOT NULL,
        scheme VARCHAR(10) NOT NULL,
        layer VARCHAR(16) NOT NULL,
        amount_fen BIGINT NOT NULL,
        subject_id VARCHAR(40) NOT NULL,
        ${kindColumn(kinds)},
        PRIMARY KEY (subject_id, kind, layer)
      )`);
    await transaction.raw(`INSERT INTO ${TABLE}_next SELECT * FROM ${TABLE}`);
    await transaction.raw(`DROP TABLE ${TABLE}`);
    await transaction.raw(`ALTER TABLE ${TABLE}_next RENAME TO ${TABLE}`);
    await transaction.raw(`CREATE INDEX ${INDEX} ON ${TABLE} (window_id, home_region, treatment_region)`);
  });
}

async function allow(knex: Knex, kinds: readonly string[]): Promise<void> {
  if (isMysql(knex)) await knex.raw(`ALTER TABLE ${TABLE} MODIFY ${kindColumn(kinds)}`);
  else await remakeOnSqlite(knex, kinds);
}

/** An accepted correction of reconciliation moves money between windows as a deduction does. */
export async function up(knex: Knex): Promise<void> {
  await allow(knex, AFTER);
}

export async function down(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable(TABLE))) return;
  await knex(TABLE).where('kind', 'correction').delete();
  await allow(knex, BEFORE);
}
