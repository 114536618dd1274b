import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';
  const due = '(partner_region, state, created_at_ms, message_id)';

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS outbox (
      message_id VARCHAR(64) NOT NULL PRIMARY KEY,
      partner_region VARCHAR(12) NOT NULL,
      topic VARCHAR(20) NOT NULL,
      subject_id VARCHAR(64) NOT NULL,
      order_key VARCHAR(64) NOT NULL,
      created_at_ms BIGINT NOT NULL,
      state VARCHAR(9) DEFAULT 'pending' NOT NULL,
      attempts INT DEFAULT 0 NOT NULL,
      next_attempt_at_ms BIGINT DEFAULT 0 NOT NULL,
      last_error VARCHAR(500) ${words},
      delivered_at_ms BIGINT,
      CONSTRAINT outbox_state CHECK (state IN ('pending', 'failed', 'delivered'))
      ${isMysql ? `, INDEX outbox_due ${due}` : ''}
    ) ${storage}`);

  if (!isMysql) await knex.raw(`CREATE INDEX IF NOT EXISTS outbox_due ON outbox ${due}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS outbox');
}
