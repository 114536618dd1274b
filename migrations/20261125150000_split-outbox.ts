import type { Knex } from 'knex';

const IDENTITY = `
  message_id VARCHAR(64) NOT NULL,
  partner_region VARCHAR(12) NOT NULL,
  topic VARCHAR(20) NOT NULL,
  subject_id VARCHAR(64) NOT NULL,
  order_key VARCHAR(64) NOT NULL,
  created_at_ms BIGINT NOT NULL`;
const COLUMNS = 'message_id, partner_region, topic, subject_id, order_key, created_at_ms';
const FAILURE = `${COLUMNS}, state, attempts, next_attempt_at_ms, last_error`;

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

function storageOf(knex: Knex): string {
  return isMysql(knex) ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : 'WITHOUT ROWID';
}

function unicodeOf(knex: Knex): string {
  return isMysql(knex) ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
}

async function swap(knex: Knex, next: string): Promise<void> {
  if (isMysql(knex)) await knex.raw(`RENAME TABLE outbox TO outbox_gone, ${next} TO outbox`);
  else {
    await knex.raw('ALTER TABLE outbox RENAME TO outbox_gone');
    await knex.raw(`ALTER TABLE ${next} RENAME TO outbox`);
  }
}

/**
 * What waits is kept in the order in which it goes out, and leaves the table when it is delivered; what failed lies in a
 * table of its own. Settling then writes one index where it wrote two.
 */
export async function up(knex: Knex): Promise<void> {
  const waiting = '(partner_region, state, next_attempt_at_ms)';
  const ordered = '(partner_region, order_key, created_at_ms)';
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS outbox_held (
      ${IDENTITY},
      state VARCHAR(9) NOT NULL,
      attempts INT NOT NULL,
      strikes INT DEFAULT 0 NOT NULL,
      next_attempt_at_ms BIGINT NOT NULL,
      last_error VARCHAR(500) ${unicodeOf(knex)} NOT NULL,
      failed_at_ms BIGINT NOT NULL,
      handled_by VARCHAR(64),
      handled_reason VARCHAR(500) ${unicodeOf(knex)},
      handled_at_ms BIGINT,
      PRIMARY KEY (message_id),
      CONSTRAINT outbox_held_state CHECK (state IN ('failed', 'dead', 'discarded'))
      ${isMysql(knex) ? `, INDEX outbox_held_due ${waiting}, INDEX outbox_held_key ${ordered}` : ''}
    ) ${storageOf(knex)}`);
  if (!isMysql(knex)) {
    await knex.raw(`CREATE INDEX IF NOT EXISTS outbox_held_due ON outbox_held ${waiting}`);
    await knex.raw(`CREATE INDEX IF NOT EXISTS outbox_held_key ON outbox_held ${ordered}`);
  }

  if (await knex.schema.hasColumn('outbox', 'state')) {
    await knex.raw('DROP TABLE IF EXISTS outbox_next');
    await knex.raw(`
      CREATE TABLE outbox_next (
        ${IDENTITY},
        PRIMARY KEY (partner_region, created_at_ms, message_id)
      ) ${storageOf(knex)}`);
    await knex('outbox_held').where('state', 'failed').delete();
    await knex.raw(`INSERT INTO outbox_held (${FAILURE}, failed_at_ms)
      SELECT ${COLUMNS}, state, attempts, next_attempt_at_ms, COALESCE(last_error, ''), next_attempt_at_ms
      FROM outbox WHERE state = 'failed'`);
    await knex.raw(`INSERT INTO outbox_next (${COLUMNS}) SELECT ${COLUMNS} FROM outbox WHERE state = 'pending'`);
    await swap(knex, 'outbox_next');
  }
  await knex.raw('DROP TABLE IF EXISTS outbox_gone');
  // Holds nothing and costs nothing: the migration that made the first outbox asks for an index of this name when it is
  // run again.
  if (!isMysql(knex)) {
    await knex.raw(`CREATE INDEX IF NOT EXISTS outbox_due ON outbox (message_id) WHERE message_id = ''`);
  }
}

export async function down(knex: Knex): Promise<void> {
  const hasOutbox = await knex.schema.hasTable('outbox');
  if (hasOutbox && !(await knex.schema.hasColumn('outbox', 'state'))) {
    const due = '(partner_region, state, created_at_ms, message_id)';
    await knex.raw('DROP TABLE IF EXISTS outbox_before');
    if (!isMysql(knex)) await knex.raw('DROP INDEX IF EXISTS outbox_due');
    await knex.raw(`
      CREATE TABLE outbox_before (
        message_id VARCHAR(64) NOT NULL PRIMARY KEY,
        partner_region VARCHAR(12) NOT NULL,
        topic VARCHAR(20) NOT NULL,
        subject_id VARCHAR(64) NOT NULL,
        order_key VARCHAR(64) NOT NULL,
        created_at_ms BIGINT NOT NULL,
        state VARCHAR(9) DEFAULT 'pending' NOT NULL,
        attempts INT DEFAULT 0 NOT NULL,
        next_attempt_at_ms BIGINT DEFAULT 0 NOT NULL,
        last_error VARCHAR(500) ${unicodeOf(knex)},
        delivered_at_ms BIGINT,
        CONSTRAINT outbox_state CHECK (state IN ('pending', 'failed', 'delivered'))
        ${isMysql(knex) ? `, INDEX outbox_due ${due}` : ''}
      ) ${storageOf(knex)}`);
    if (!isMysql(knex)) await knex.raw(`CREATE INDEX outbox_due ON outbox_before ${due}`);
    await knex.raw(`INSERT INTO outbox_before (${COLUMNS}) SELECT ${COLUMNS} FROM outbox`);
    // A dead letter is tried again under the old rules; what was discarded is done with.
    await knex.raw(`INSERT INTO outbox_before (${FAILURE})
      SELECT ${COLUMNS}, 'failed', attempts, next_attempt_at_ms, last_error FROM outbox_held WHERE state <> 'discarded'`);
    await swap(knex, 'outbox_before');
  }
  await knex.raw('DROP TABLE IF EXISTS outbox_gone');
  await knex.raw('DROP TABLE IF EXISTS outbox_held');
}
