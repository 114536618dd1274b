import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS partner_state (
      partner_region VARCHAR(12) NOT NULL,
      operation VARCHAR(40) NOT NULL,
      process VARCHAR(64) NOT NULL,
      reported_at_ms BIGINT NOT NULL,
      breaker VARCHAR(8) NOT NULL,
      since_ms BIGINT NOT NULL,
      fires BIGINT NOT NULL,
      failures BIGINT NOT NULL,
      timeouts BIGINT NOT NULL,
      rejects BIGINT NOT NULL,
      error_code VARCHAR(64),
      error_message VARCHAR(500) ${words},
      error_at_ms BIGINT,
      PRIMARY KEY (partner_region, operation, process),
      CONSTRAINT partner_state_breaker CHECK (breaker IN ('closed', 'halfOpen', 'open'))
    ) ${storage}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS partner_state');
}
