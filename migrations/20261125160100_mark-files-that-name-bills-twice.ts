import type { Knex } from 'knex';

/**
 * A run remembers whether its file may name a bill twice. Files loaded before may; a run is only as good as its knowledge.
 * One statement, asked for only when the column is not there: what died before it can run it again.
 */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasColumn('reconciliation_run', 'may_double')) return;
  await knex.raw('ALTER TABLE reconciliation_run ADD COLUMN may_double TINYINT DEFAULT 1 NOT NULL');
}

export async function down(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable('reconciliation_run'))) return;
  if (!(await knex.schema.hasColumn('reconciliation_run', 'may_double'))) return;
  await knex.raw('ALTER TABLE reconciliation_run DROP COLUMN may_double');
}
