import type { Knex } from 'knex';

/**
 * Postings are no longer of settlements alone: an entry is a settlement, a reversal, or a row of the journal.
 * Every statement can run again: MariaDB keeps what a migration did before it died.
 */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  if (await knex.schema.hasColumn('posting', 'settlement_id')) {
    await knex.raw('ALTER TABLE posting RENAME COLUMN settlement_id TO entry_id');
  }
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS journal_entry (
      entry_id VARCHAR(40) NOT NULL PRIMARY KEY,
      kind VARCHAR(24) NOT NULL,
      subject_id VARCHAR(80) NOT NULL,
      window_id INT NOT NULL,
      entered_at_ms BIGINT NOT NULL,
      entered_by VARCHAR(80) ${words} NOT NULL,
      reason VARCHAR(500) ${words} NOT NULL
      ${isMysql ? ', INDEX journal_subject (subject_id)' : ''}
    ) ${storage}`);
  if (!isMysql) await knex.raw('CREATE INDEX IF NOT EXISTS journal_subject ON journal_entry (subject_id)');

  if (!(await knex.schema.hasColumn('api_key', 'region'))) {
    await knex.raw('ALTER TABLE api_key ADD COLUMN region VARCHAR(12)');
  }
}

export async function down(knex: Knex): Promise<void> {
  if (await knex.schema.hasColumn('api_key', 'region')) await knex.raw('ALTER TABLE api_key DROP COLUMN region');
  await knex.raw('DROP TABLE IF EXISTS journal_entry');
  if (await knex.schema.hasColumn('posting', 'entry_id')) {
    await knex.raw('ALTER TABLE posting RENAME COLUMN entry_id TO settlement_id');
  }
}
