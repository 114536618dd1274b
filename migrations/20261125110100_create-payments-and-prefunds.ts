import type { Knex } from 'knex';

/**
 * Payments of a month, money left in advance, and what the calendar puts on record.
 * Every statement can run again: MariaDB keeps the tables that a migration made before it died.
 */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS payment_run (
      run_id VARCHAR(20) NOT NULL PRIMARY KEY,
      statements INT NOT NULL,
      items_hash VARCHAR(64) NOT NULL,
      instructed_at_ms BIGINT NOT NULL,
      instructed_by VARCHAR(80) ${words} NOT NULL
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS payment (
      payment_id VARCHAR(40) NOT NULL PRIMARY KEY,
      run_id VARCHAR(20) NOT NULL,
      payer VARCHAR(12) NOT NULL,
      payee VARCHAR(12) NOT NULL,
      amount_fen BIGINT NOT NULL,
      state VARCHAR(10) NOT NULL CHECK (state IN ('instructed', 'sent', 'paid')),
      sent_at_ms BIGINT,
      paid_at_ms BIGINT,
      bank VARCHAR(120) ${words},
      bank_reference VARCHAR(60),
      value_date CHAR(10),
      CONSTRAINT payment_transfer UNIQUE (run_id, payer, payee),
      CONSTRAINT payment_reference UNIQUE (bank, bank_reference),
      CONSTRAINT payment_amount CHECK (amount_fen > 0),
      CONSTRAINT payment_proof CHECK (state <> 'paid' OR bank_reference IS NOT NULL)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS prefund (
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      balance_fen BIGINT NOT NULL,
      PRIMARY KEY (home_region, treatment_region)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS prefund_request (
      request_id VARCHAR(40) NOT NULL PRIMARY KEY,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      kind VARCHAR(10) NOT NULL CHECK (kind IN ('urgent', 'yearly')),
      amount_fen BIGINT NOT NULL,
      granted_fen BIGINT,
      state VARCHAR(10) NOT NULL CHECK (state IN ('requested', 'reviewed', 'paid', 'refused')),
      reason VARCHAR(500) ${words} NOT NULL,
      requested_at_ms BIGINT NOT NULL,
      reviewed_at_ms BIGINT,
      paid_at_ms BIGINT,
      bank VARCHAR(120) ${words},
      bank_reference VARCHAR(60),
      value_date CHAR(10),
      CONSTRAINT prefund_request_reference UNIQUE (bank, bank_reference),
      CONSTRAINT prefund_request_proof CHECK (state <> 'paid' OR bank_reference IS NOT NULL)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS monthly_notice (
      month CHAR(7) NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      statements INT NOT NULL,
      settlements INT NOT NULL,
      owed_fen BIGINT NOT NULL,
      carried_fen BIGINT NOT NULL,
      deducted_fen BIGINT NOT NULL,
      disputed_fen BIGINT NOT NULL,
      late_items INT NOT NULL,
      statements_hash VARCHAR(64) NOT NULL,
      made_at_ms BIGINT NOT NULL,
      PRIMARY KEY (month, home_region, treatment_region)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS yearly_liquidation (
      for_year INT NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      statements INT NOT NULL,
      settlements INT NOT NULL,
      owed_fen BIGINT NOT NULL,
      carried_fen BIGINT NOT NULL,
      deducted_fen BIGINT NOT NULL,
      disputed_fen BIGINT NOT NULL,
      paid_fen BIGINT NOT NULL,
      prefund_fen BIGINT NOT NULL,
      statements_hash VARCHAR(64) NOT NULL,
      made_at_ms BIGINT NOT NULL,
      PRIMARY KEY (for_year, home_region, treatment_region)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'yearly_liquidation',
    'monthly_notice',
    'prefund_request',
    'prefund',
    'payment',
    'payment_run',
  ]) {
    await knex.raw(`DROP TABLE IF EXISTS ${table}`);
  }
}
