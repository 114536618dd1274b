import type { Knex } from 'knex';

const STATES = "'loading', 'loaded', 'matched', 'closed', 'refused', 'superseded'";
const CLASSES = "'missingHere', 'missingThere', 'amount', 'duplicate', 'reversedAfterClose', 'ruleVersion'";

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';
  const number = isMysql ? 'INT NOT NULL AUTO_INCREMENT PRIMARY KEY' : 'INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS reconciliation_run (
      run_id ${number},
      source VARCHAR(12) NOT NULL,
      party VARCHAR(30) NOT NULL,
      region VARCHAR(12) NOT NULL,
      window_id INT NOT NULL,
      business_date CHAR(10) NOT NULL,
      form VARCHAR(4) NOT NULL,
      file_name VARCHAR(255) ${words} NOT NULL,
      sha256 CHAR(64) NOT NULL,
      state VARCHAR(12) NOT NULL,
      bytes_done BIGINT NOT NULL,
      bytes_in_all BIGINT NOT NULL,
      line_count INT NOT NULL,
      may_double TINYINT NOT NULL DEFAULT 0,
      file_totals TEXT,
      our_totals TEXT,
      difference_count INT NOT NULL,
      problems LONGTEXT ${words},
      sent_by VARCHAR(80) ${words} NOT NULL,
      closed_by VARCHAR(80) ${words},
      started_at_ms BIGINT NOT NULL,
      touched_at_ms BIGINT NOT NULL,
      loaded_at_ms BIGINT,
      matched_at_ms BIGINT,
      closed_at_ms BIGINT,
      CONSTRAINT reconciliation_run_file UNIQUE (source, party, window_id, sha256),
      CONSTRAINT reconciliation_run_source CHECK (source IN ('institution', 'fund')),
      CONSTRAINT reconciliation_run_state CHECK (state IN (${STATES}))
    ) ${storage}`);

  // In the order of settlements, so that matching goes through both tables once, side by side.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS reconciliation_line (
      run_id INT NOT NULL,
      settlement_id VARCHAR(40) NOT NULL,
      line_no INT NOT NULL,
      refund TINYINT NOT NULL,
      given_id VARCHAR(40),
      visit_id VARCHAR(40) NOT NULL,
      person_id VARCHAR(30) NOT NULL,
      total_fen BIGINT NOT NULL,
      fund_total_fen BIGINT NOT NULL,
      account_fen BIGINT NOT NULL,
      policy_hash VARCHAR(64),
      PRIMARY KEY (run_id, settlement_id, line_no)
    ) ${isMysql ? storage : 'WITHOUT ROWID'}`);

  const difference = { reconciliation_difference_state: '(state, home_region)' };
  const indexes = Object.entries(difference);
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS reconciliation_difference (
      run_id INT NOT NULL,
      difference_no INT NOT NULL,
      class VARCHAR(20) NOT NULL,
      action VARCHAR(16) NOT NULL,
      adjust_by_fen BIGINT NOT NULL,
      refund TINYINT NOT NULL,
      settlement_id VARCHAR(40),
      institution_id VARCHAR(30),
      bill_number VARCHAR(80),
      person_id VARCHAR(30),
      home_region VARCHAR(12),
      treatment_region VARCHAR(12),
      scheme VARCHAR(10),
      total_fen BIGINT,
      fund_total_fen BIGINT,
      account_fen BIGINT,
      line_no INT,
      line_settlement_id VARCHAR(40),
      line_visit_id VARCHAR(40),
      line_person_id VARCHAR(30),
      line_total_fen BIGINT,
      line_fund_total_fen BIGINT,
      line_account_fen BIGINT,
      related_id VARCHAR(40),
      related_window_id INT,
      state VARCHAR(10) NOT NULL,
      proposed_by VARCHAR(80) ${words},
      proposed_region VARCHAR(12),
      proposed_at_ms BIGINT,
      decided_by VARCHAR(80) ${words},
      decided_at_ms BIGINT,
      reason VARCHAR(500) ${words},
      outcome_id VARCHAR(40),
      corrects VARCHAR(40),
      PRIMARY KEY (run_id, difference_no),
      CONSTRAINT reconciliation_difference_corrects UNIQUE (corrects),
      CONSTRAINT reconciliation_difference_class CHECK (class IN (${CLASSES})),
      CONSTRAINT reconciliation_difference_states CHECK (state IN ('open', 'proposed', 'accepted', 'refused'))
      ${isMysql ? indexes.map(([name, columns]) => `, INDEX ${name} ${columns}`).join('') : ''}
    ) ${isMysql ? storage : 'WITHOUT ROWID'}`);
  if (!isMysql) {
    for (const [name, columns] of indexes) {
      await knex.raw(`CREATE INDEX IF NOT EXISTS ${name} ON reconciliation_difference ${columns}`);
    }
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS reconciliation_difference');
  await knex.raw('DROP TABLE IF EXISTS reconciliation_line');
  await knex.raw('DROP TABLE IF EXISTS reconciliation_run');
}
