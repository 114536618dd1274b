import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS clearing_gross (
      window_id INT NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      institution_id VARCHAR(30) NOT NULL,
      scheme VARCHAR(10) NOT NULL,
      layer VARCHAR(16) NOT NULL,
      settlements INT NOT NULL,
      amount_fen BIGINT NOT NULL,
      PRIMARY KEY (window_id, home_region, treatment_region, institution_id, scheme, layer)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS clearing_statement (
      statement_id VARCHAR(64) NOT NULL PRIMARY KEY,
      window_id INT NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      settlements INT NOT NULL,
      owed_fen BIGINT NOT NULL,
      items_hash VARCHAR(64) NOT NULL,
      CONSTRAINT clearing_statement_pair UNIQUE (window_id, home_region, treatment_region)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS clearing_net (
      window_id INT NOT NULL,
      region VARCHAR(12) NOT NULL,
      receivable_fen BIGINT NOT NULL,
      payable_fen BIGINT NOT NULL,
      net_fen BIGINT NOT NULL,
      PRIMARY KEY (window_id, region),
      CONSTRAINT clearing_net_balance CHECK (net_fen = receivable_fen - payable_fen)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS clearing_net');
  await knex.raw('DROP TABLE IF EXISTS clearing_statement');
  await knex.raw('DROP TABLE IF EXISTS clearing_gross');
}
