import type { Knex } from 'knex';

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

const STATES = ['issued', 'homeConfirmed', 'treatmentConfirmed', 'confirmed', 'instructed', 'paid'];

const COLUMNS: Readonly<Record<string, { readonly type: string; readonly index?: string }>> = {
  state: {
    type: `VARCHAR(20) NOT NULL DEFAULT 'issued' CHECK (state IN (${STATES.map((state) => `'${state}'`).join(', ')}))`,
    index: 'clearing_statement_state',
  },
  disputed_fen: { type: 'BIGINT NOT NULL DEFAULT 0' },
  run_id: { type: 'VARCHAR(20)', index: 'clearing_statement_run' },
};

/**
 * A statement is confirmed, disputed in part, and paid; people propose and check; money moves between windows.
 * Every statement can run again: MariaDB keeps what a migration did before it died.
 */
export async function up(knex: Knex): Promise<void> {
  const words = isMysql(knex) ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql(knex) ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';
  const index = (name: string, columns: string): string => (isMysql(knex) ? `, INDEX ${name} (${columns})` : '');

  for (const [name, column] of Object.entries(COLUMNS)) {
    // One statement on MySQL, so that a column without its index is never left behind.
    const indexed = isMysql(knex) && column.index !== undefined ? `, ADD INDEX ${column.index} (${name})` : '';
    if (!(await knex.schema.hasColumn('clearing_statement', name))) {
      await knex.raw(`ALTER TABLE clearing_statement ADD COLUMN ${name} ${column.type}${indexed}`);
    }
    if (isMysql(knex) || column.index === undefined) continue;
    await knex.raw(`CREATE INDEX IF NOT EXISTS ${column.index} ON clearing_statement (${name})`);
  }

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS proposal (
      proposal_id VARCHAR(40) NOT NULL PRIMARY KEY,
      subject_kind VARCHAR(12) NOT NULL,
      subject_id VARCHAR(64) NOT NULL,
      act VARCHAR(12) NOT NULL,
      desk VARCHAR(12) NOT NULL,
      content MEDIUMTEXT ${words} NOT NULL,
      state VARCHAR(10) NOT NULL CHECK (state IN ('open', 'approved', 'sentBack')),
      made_by VARCHAR(60) ${words} NOT NULL,
      made_at_ms BIGINT NOT NULL,
      checked_by VARCHAR(60) ${words},
      checked_at_ms BIGINT,
      reason VARCHAR(500) ${words},
      CONSTRAINT proposal_two_people CHECK (state <> 'approved' OR (checked_by IS NOT NULL AND checked_by <> made_by))
      ${index('proposal_subject', 'subject_kind, subject_id')}
      ${index('proposal_desk', 'desk, state, proposal_id')}
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS objection (
      objection_id VARCHAR(40) NOT NULL PRIMARY KEY,
      statement_id VARCHAR(64) NOT NULL,
      settlement_id VARCHAR(40) NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      institution_id VARCHAR(30) NOT NULL,
      scheme VARCHAR(10) NOT NULL,
      objected_fen BIGINT NOT NULL,
      held SMALLINT NOT NULL,
      reason_code VARCHAR(20) NOT NULL,
      reason VARCHAR(500) ${words} NOT NULL,
      state VARCHAR(10) NOT NULL CHECK (state IN ('open', 'answered', 'decided')),
      opened_at_ms BIGINT NOT NULL,
      accepted SMALLINT,
      answer VARCHAR(500) ${words},
      answered_at_ms BIGINT,
      outcome VARCHAR(10),
      deducted_fen BIGINT NOT NULL DEFAULT 0,
      decision VARCHAR(500) ${words},
      decided_at_ms BIGINT,
      decided_window_id INT,
      undone_at_ms BIGINT,
      CONSTRAINT objection_item UNIQUE (settlement_id),
      CONSTRAINT objection_amount CHECK (objected_fen > 0),
      CONSTRAINT objection_deducted CHECK (deducted_fen >= 0 AND deducted_fen <= objected_fen)
      ${index('objection_statement', 'statement_id')}
      ${index('objection_state', 'state, home_region, treatment_region')}
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS clearing_adjustment (
      window_id INT NOT NULL,
      home_region VARCHAR(12) NOT NULL,
      treatment_region VARCHAR(12) NOT NULL,
      institution_id VARCHAR(30) NOT NULL,
      scheme VARCHAR(10) NOT NULL,
      layer VARCHAR(16) NOT NULL,
      amount_fen BIGINT NOT NULL,
      subject_id VARCHAR(40) NOT NULL,
      kind VARCHAR(12) NOT NULL CHECK (kind IN ('carried', 'deduction', 'undone')),
      PRIMARY KEY (subject_id, kind, layer)
      ${index('clearing_adjustment_window', 'window_id, home_region, treatment_region')}
    ) ${storage}`);

  if (isMysql(knex)) return;
  await knex.raw('CREATE INDEX IF NOT EXISTS proposal_subject ON proposal (subject_kind, subject_id)');
  await knex.raw('CREATE INDEX IF NOT EXISTS proposal_desk ON proposal (desk, state, proposal_id)');
  await knex.raw('CREATE INDEX IF NOT EXISTS objection_statement ON objection (statement_id)');
  await knex.raw('CREATE INDEX IF NOT EXISTS objection_state ON objection (state, home_region, treatment_region)');
  const pair = 'window_id, home_region, treatment_region';
  await knex.raw(`CREATE INDEX IF NOT EXISTS clearing_adjustment_window ON clearing_adjustment (${pair})`);
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['clearing_adjustment', 'objection', 'proposal']) {
    await knex.raw(`DROP TABLE IF EXISTS ${table}`);
  }
  if (!(await knex.schema.hasTable('clearing_statement'))) return;
  for (const [name, { index }] of Object.entries(COLUMNS)) {
    // MySQL drops an index with its only column.
    if (!isMysql(knex) && index !== undefined) await knex.raw(`DROP INDEX IF EXISTS ${index}`);
    if (!(await knex.schema.hasColumn('clearing_statement', name))) continue;
    await knex.raw(`ALTER TABLE clearing_statement DROP COLUMN ${name}`);
  }
}
