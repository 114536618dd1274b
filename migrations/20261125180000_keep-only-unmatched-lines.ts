import type { Knex } from 'knex';

/**
 * A run that was loaded has either all lines of its file stored, or what does not agree alone: neither side of this migration
 * can go on with the other's. Its file is read once more when it is sent again.
 */
async function readAgain(knex: Knex): Promise<void> {
  await knex.raw("UPDATE reconciliation_run SET state = 'loading', touched_at_ms = 0 WHERE state = 'loaded'");
}

/**
 * Ids on which our books and a file do not agree take the place of lines that were stored only to be compared; whether a file
 * may name a bill twice is not asked any more. Every statement can run again after dying half-way.
 */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS reconciliation_unmatched (
      run_id INT NOT NULL,
      settlement_id VARCHAR(40) NOT NULL,
      PRIMARY KEY (run_id, settlement_id)
    ) ${isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID'}`);
  await readAgain(knex);
  if (!(await knex.schema.hasColumn('reconciliation_run', 'may_double'))) return;
  await knex.raw('ALTER TABLE reconciliation_run DROP COLUMN may_double');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS reconciliation_unmatched');
  if (!(await knex.schema.hasTable('reconciliation_run'))) return;
  await readAgain(knex);
  if (await knex.schema.hasColumn('reconciliation_run', 'may_double')) return;
  await knex.raw('ALTER TABLE reconciliation_run ADD COLUMN may_double TINYINT DEFAULT 1 NOT NULL');
}
