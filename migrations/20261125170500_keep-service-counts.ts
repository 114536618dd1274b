import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';

  // What was settled straight through in a closed window, counted once. A row without regions says that it was counted.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS service_count (
      window_id INT NOT NULL,
      month CHAR(7) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      services BIGINT NOT NULL,
      PRIMARY KEY (window_id, month, treatment_region, home_region)
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS service_count');
}
