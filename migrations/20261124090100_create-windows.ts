import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS clearing_window (
      window_id INT NOT NULL PRIMARY KEY,
      business_date CHAR(10) NOT NULL,
      state VARCHAR(8) NOT NULL,
      opened_at_ms BIGINT NOT NULL,
      closed_at_ms BIGINT,
      issued_at_ms BIGINT,
      CONSTRAINT clearing_window_date UNIQUE (business_date),
      CONSTRAINT clearing_window_state CHECK (state IN ('open', 'closed', 'issued'))
    ) ${storage}`);

  // One row, which settling transactions lock shared and closing locks alone.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS open_window (
      id INT NOT NULL PRIMARY KEY,
      window_id INT NOT NULL,
      CONSTRAINT open_window_single CHECK (id = 1)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS open_window');
  await knex.raw('DROP TABLE IF EXISTS clearing_window');
}
