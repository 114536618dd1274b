import type { Knex } from 'knex';

const PARTS = 'full_self_pay_fen + over_limit_fen + first_self_pay_fen + eligible_fen';
const FUNDS = 'pool_fen + large_cost_fen + serious_illness_fen + civil_servant_fen + medical_aid_fen';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';
  const indexes = {
    settlement_person: '(person_id, settlement_id)',
    settlement_institution: '(institution_id, settlement_id)',
    settlement_window: '(window_id, home_region, treatment_region, settlement_id)',
  };
  const inTable = Object.entries(indexes).map(([name, columns]) => `, INDEX ${name} ${columns}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS settlement (
      settlement_id VARCHAR(40) NOT NULL PRIMARY KEY,
      institution_id VARCHAR(30) NOT NULL,
      bill_key VARCHAR(80) NOT NULL,
      attempt INT NOT NULL,
      request_key VARCHAR(40) NOT NULL,
      content_hash VARCHAR(64) NOT NULL,
      reverses VARCHAR(40),
      person_id VARCHAR(30) NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      scheme VARCHAR(10) NOT NULL,
      benefit VARCHAR(16) NOT NULL,
      window_id INT NOT NULL,
      visit_date CHAR(10) NOT NULL,
      settled_on CHAR(10) NOT NULL,
      settled_at_ms BIGINT NOT NULL,
      total_fen BIGINT NOT NULL,
      full_self_pay_fen BIGINT NOT NULL,
      over_limit_fen BIGINT NOT NULL,
      first_self_pay_fen BIGINT NOT NULL,
      eligible_fen BIGINT NOT NULL,
      pool_fen BIGINT NOT NULL,
      large_cost_fen BIGINT NOT NULL,
      serious_illness_fen BIGINT NOT NULL,
      civil_servant_fen BIGINT NOT NULL,
      medical_aid_fen BIGINT NOT NULL,
      fund_total_fen BIGINT NOT NULL,
      person_total_fen BIGINT NOT NULL,
      account_fen BIGINT NOT NULL,
      cash_fen BIGINT NOT NULL,
      CONSTRAINT settlement_bill UNIQUE (bill_key, attempt),
      CONSTRAINT settlement_attempt CHECK (attempt <> 0),
      CONSTRAINT settlement_total CHECK (total_fen = ${PARTS}),
      CONSTRAINT settlement_funds CHECK (fund_total_fen = ${FUNDS}),
      CONSTRAINT settlement_person_total CHECK (person_total_fen = total_fen - fund_total_fen),
      CONSTRAINT settlement_paid CHECK (person_total_fen = account_fen + cash_fen)
      ${isMysql ? inTable.join('') : ''}
    ) ${storage}`);

  if (!isMysql) {
    for (const [name, columns] of Object.entries(indexes)) {
      await knex.raw(`CREATE INDEX IF NOT EXISTS ${name} ON settlement ${columns}`);
    }
  }

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS settlement_document (
      settlement_id VARCHAR(40) NOT NULL PRIMARY KEY,
      document LONGTEXT ${words} NOT NULL
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS posting (
      settlement_id VARCHAR(40) NOT NULL,
      leg SMALLINT NOT NULL,
      window_id INT NOT NULL,
      book VARCHAR(12) NOT NULL,
      account VARCHAR(24) NOT NULL,
      party VARCHAR(30) NOT NULL,
      amount_fen BIGINT NOT NULL,
      PRIMARY KEY (settlement_id, leg)
    ) ${isMysql ? storage : 'WITHOUT ROWID'}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS posting');
  await knex.raw('DROP TABLE IF EXISTS settlement_document');
  await knex.raw('DROP TABLE IF EXISTS settlement');
}
