import type { Knex } from 'knex';

const FUNDS = ['pool_fen', 'large_cost_fen', 'serious_illness_fen', 'civil_servant_fen', 'medical_aid_fen'];
const STATES = [
  'opened',
  'materialsWanted',
  'materialsComplete',
  'forwarded',
  'accepted',
  'moreAsked',
  'granted',
  'grantedInPart',
  'refused',
  'paid',
  'returned',
  'closed',
  'withdrawn',
];

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';
  const clustered = isMysql ? storage : 'WITHOUT ROWID';
  const indexes = {
    casework_case_opening: '(opening_region, case_id)',
    casework_case_deciding: '(deciding_region, case_id)',
    casework_case_due: '(due_date, case_id)',
    casework_case_remind: '(remind_from)',
    casework_case_opened: '(opened_on)',
  };
  const inTable = Object.entries(indexes).map(([name, columns]) => `, INDEX ${name} ${columns}`);

  // `case` alone means something to SQL.
  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_case (
      case_id VARCHAR(40) NOT NULL PRIMARY KEY,
      reason VARCHAR(24) NOT NULL,
      subject_id VARCHAR(80) NOT NULL,
      content_hash VARCHAR(64) NOT NULL,
      reason_text VARCHAR(500) ${words} NOT NULL,
      service_form VARCHAR(20) NOT NULL,
      person_id VARCHAR(30) NOT NULL,
      opening_region VARCHAR(12) NOT NULL,
      deciding_region VARCHAR(12) NOT NULL,
      institution_id VARCHAR(30),
      settlement_id VARCHAR(40),
      bill_number VARCHAR(40),
      claimed_fen BIGINT NOT NULL,
      granted_fen BIGINT NOT NULL,
      ${FUNDS.map((column) => `${column} BIGINT NOT NULL,`).join(' ')}
      state VARCHAR(20) NOT NULL,
      acting_region VARCHAR(12),
      due_date CHAR(10),
      remind_from CHAR(10),
      decided_by VARCHAR(80) ${words},
      opened_on CHAR(10) NOT NULL,
      opened_at_ms BIGINT NOT NULL,
      changed_at_ms BIGINT NOT NULL,
      version INT NOT NULL,
      CONSTRAINT casework_case_subject UNIQUE (reason, subject_id),
      CONSTRAINT casework_case_state CHECK (state IN (${STATES.map((state) => `'${state}'`).join(', ')})),
      CONSTRAINT casework_case_form CHECK (service_form IN ('collectedOnBehalf', 'authorised')),
      CONSTRAINT casework_case_granted CHECK (granted_fen BETWEEN 0 AND claimed_fen),
      CONSTRAINT casework_case_funds CHECK (granted_fen = ${FUNDS.join(' + ')})
      ${isMysql ? inTable.join('') : ''}
    ) ${storage}`);
  if (!isMysql) {
    for (const [name, columns] of Object.entries(indexes)) {
      await knex.raw(`CREATE INDEX IF NOT EXISTS ${name} ON casework_case ${columns}`);
    }
  }

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_event (
      case_id VARCHAR(40) NOT NULL,
      seq INT NOT NULL,
      action VARCHAR(20) NOT NULL,
      side VARCHAR(10) NOT NULL,
      done_by VARCHAR(80) ${words} NOT NULL,
      region VARCHAR(12),
      from_state VARCHAR(20),
      to_state VARCHAR(20) NOT NULL,
      done_at_ms BIGINT NOT NULL,
      about VARCHAR(80) ${words},
      note VARCHAR(1000) ${words} NOT NULL,
      PRIMARY KEY (case_id, seq)
    ) ${clustered}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_reminder (
      case_id VARCHAR(40) NOT NULL,
      reminded_on CHAR(10) NOT NULL,
      region VARCHAR(12) NOT NULL,
      due_date CHAR(10) NOT NULL,
      PRIMARY KEY (case_id, reminded_on)
    ) ${clustered}`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS casework_reminder');
  await knex.raw('DROP TABLE IF EXISTS casework_event');
  await knex.raw('DROP TABLE IF EXISTS casework_case');
}
