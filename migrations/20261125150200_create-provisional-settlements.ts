import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';
  const open = '(home_region, state, settled_at_ms)';
  const day = '(home_region, day, amount_fen)';
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS provisional_settlement (
      settlement_id VARCHAR(40) NOT NULL PRIMARY KEY,
      home_region VARCHAR(12) NOT NULL,
      person_id VARCHAR(30) NOT NULL,
      day CHAR(10) NOT NULL,
      amount_fen BIGINT NOT NULL,
      reason VARCHAR(64) NOT NULL,
      copied_at_ms BIGINT NOT NULL,
      settled_at_ms BIGINT NOT NULL,
      state VARCHAR(11) NOT NULL,
      resolved_at_ms BIGINT,
      corrected_by VARCHAR(40),
      difference_fen BIGINT,
      CONSTRAINT provisional_settlement_state CHECK (state IN ('provisional', 'confirmed', 'corrected', 'expired'))
      ${isMysql ? `, INDEX provisional_open ${open}, INDEX provisional_day ${day}` : ''}
    ) ${storage}`);
  if (!isMysql) {
    await knex.raw(`CREATE INDEX IF NOT EXISTS provisional_open ON provisional_settlement ${open}`);
    await knex.raw(`CREATE INDEX IF NOT EXISTS provisional_day ON provisional_settlement ${day}`);
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS provisional_settlement');
}
