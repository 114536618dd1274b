import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS lease (
      name VARCHAR(60) NOT NULL PRIMARY KEY,
      holder VARCHAR(120) NOT NULL,
      token BIGINT NOT NULL,
      expires_at_ms BIGINT NOT NULL
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS rule_archive (
      hash VARCHAR(64) NOT NULL PRIMARY KEY,
      kind VARCHAR(10) NOT NULL,
      region VARCHAR(12) NOT NULL,
      content LONGTEXT ${words} NOT NULL
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS api_key (
      key_hash VARCHAR(64) NOT NULL PRIMARY KEY,
      kind VARCHAR(12) NOT NULL,
      principal_id VARCHAR(60) ${words} NOT NULL
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS api_key');
  await knex.raw('DROP TABLE IF EXISTS rule_archive');
  await knex.raw('DROP TABLE IF EXISTS lease');
}
