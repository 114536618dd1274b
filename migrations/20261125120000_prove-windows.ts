import type { Knex } from 'knex';

const INDEX = 'journal_window';

/**
 * What reconciling a window leaves behind: a statement for each institution, what moved in each account, and when; and what
 * jobs ran. Every statement can run again: MariaDB keeps what a migration did before it died.
 */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS institution_statement (
      window_id INT NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      institution_id VARCHAR(30) NOT NULL,
      settlements INT NOT NULL,
      owed_fen BIGINT NOT NULL,
      items_hash VARCHAR(64) NOT NULL,
      PRIMARY KEY (window_id, treatment_region, institution_id)
    ) ${storage}`);

  // One account of all persons a book: its party is empty.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS ledger_balance (
      window_id INT NOT NULL,
      book VARCHAR(12) NOT NULL,
      account VARCHAR(24) NOT NULL,
      party VARCHAR(30) NOT NULL,
      amount_fen BIGINT NOT NULL,
      PRIMARY KEY (window_id, book, account, party)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS ledger_window (
      window_id INT NOT NULL PRIMARY KEY,
      first_at_ms BIGINT,
      last_at_ms BIGINT
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS job_run (
      run_id VARCHAR(40) NOT NULL PRIMARY KEY,
      name VARCHAR(60) NOT NULL,
      holder VARCHAR(120) NOT NULL,
      token BIGINT NOT NULL,
      state VARCHAR(11) NOT NULL,
      started_at_ms BIGINT NOT NULL,
      reported_at_ms BIGINT NOT NULL,
      ended_at_ms BIGINT,
      business_date CHAR(10),
      step VARCHAR(20),
      items_done BIGINT,
      items_of BIGINT,
      outcome MEDIUMTEXT ${words},
      CONSTRAINT job_run_state CHECK (state IN ('running', 'done', 'failed', 'interrupted'))
      ${isMysql ? ', INDEX job_run_name (name, run_id)' : ''}
    ) ${storage}`);
  if (!isMysql) await knex.raw('CREATE INDEX IF NOT EXISTS job_run_name ON job_run (name, run_id)');

  if (!isMysql) await knex.raw(`CREATE INDEX IF NOT EXISTS ${INDEX} ON journal_entry (window_id)`);
  else if (!(await hasIndex(knex))) await knex.raw(`ALTER TABLE journal_entry ADD INDEX ${INDEX} (window_id)`);
}

async function hasIndex(knex: Knex): Promise<boolean> {
  const [rows] = (await knex.raw(
    'SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = ? LIMIT 1',
    [INDEX],
  )) as [unknown[]];
  return rows.length > 0;
}

export async function down(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  if (!isMysql) await knex.raw(`DROP INDEX IF EXISTS ${INDEX}`);
  else if (await hasIndex(knex)) await knex.raw(`ALTER TABLE journal_entry DROP INDEX ${INDEX}`);
  await knex.raw('DROP TABLE IF EXISTS job_run');
  await knex.raw('DROP TABLE IF EXISTS ledger_window');
  await knex.raw('DROP TABLE IF EXISTS ledger_balance');
  await knex.raw('DROP TABLE IF EXISTS institution_statement');
}
