import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS feed (
      region VARCHAR(12) NOT NULL,
      feed VARCHAR(20) NOT NULL,
      position VARCHAR(200) ${words} NOT NULL,
      refused BIGINT DEFAULT 0 NOT NULL,
      caught_up_at_ms BIGINT,
      asked_at_ms BIGINT,
      last_error VARCHAR(500) ${words},
      PRIMARY KEY (region, feed)
    ) ${storage}`);

  // Rows of an import while it is checked and taken over; none are left when it is done.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS import_row (
      import_id VARCHAR(20) NOT NULL,
      person_id VARCHAR(30) NOT NULL,
      file VARCHAR(16) NOT NULL,
      line INT NOT NULL,
      content TEXT ${words} NOT NULL,
      PRIMARY KEY (import_id, person_id, file, line)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS import_row');
  await knex.raw('DROP TABLE IF EXISTS feed');
}
