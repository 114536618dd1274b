import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS person (
      person_id VARCHAR(30) NOT NULL PRIMARY KEY,
      home_region VARCHAR(12) NOT NULL,
      scheme VARCHAR(10) NOT NULL,
      name VARCHAR(200) ${words} NOT NULL,
      facts MEDIUMTEXT ${words} NOT NULL
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS account (
      person_id VARCHAR(30) NOT NULL PRIMARY KEY,
      current_fen BIGINT NOT NULL,
      carried_fen BIGINT NOT NULL,
      CONSTRAINT account_current CHECK (current_fen >= 0),
      CONSTRAINT account_carried CHECK (carried_fen >= 0)
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS accumulator (
      person_id VARCHAR(30) NOT NULL,
      bucket VARCHAR(48) NOT NULL,
      amounts TEXT ${words} NOT NULL,
      raises INT NOT NULL,
      PRIMARY KEY (person_id, bucket)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS accumulator');
  await knex.raw('DROP TABLE IF EXISTS account');
  await knex.raw('DROP TABLE IF EXISTS person');
}
