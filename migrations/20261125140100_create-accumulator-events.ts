import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';

  // The key lies under the person's lock; ids of two persons can meet without one, and are told apart by their index.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS accumulator_event (
      person_id VARCHAR(30) NOT NULL,
      event_sequence BIGINT NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      event_id VARCHAR(64) NOT NULL,
      content_hash VARCHAR(64) NOT NULL,
      changes TEXT ${words} NOT NULL,
      state VARCHAR(9) NOT NULL,
      reason VARCHAR(200) ${words},
      occurred_at_ms BIGINT NOT NULL,
      received_at_ms BIGINT NOT NULL,
      PRIMARY KEY (person_id, event_sequence),
      CONSTRAINT accumulator_event_id UNIQUE (home_region, event_id),
      CONSTRAINT accumulator_event_sequence CHECK (event_sequence > 0),
      CONSTRAINT accumulator_event_state CHECK (state IN ('waiting', 'applied', 'contained', 'refused'))
      ${isMysql ? ', INDEX accumulator_event_open (home_region, state)' : ''}
    ) ${storage}`);
  if (!isMysql) {
    await knex.raw('CREATE INDEX IF NOT EXISTS accumulator_event_open ON accumulator_event (home_region, state)');
  }

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS event_position (
      person_id VARCHAR(30) NOT NULL PRIMARY KEY,
      event_sequence BIGINT NOT NULL
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS event_position');
  await knex.raw('DROP TABLE IF EXISTS accumulator_event');
}
