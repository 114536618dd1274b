import type { Knex } from 'knex';

function isMysql(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

/**
 * A person's copy says how old it is; persons that were there before count as never copied. With the index the oldest
 * copy of a region is one look. Every statement can run again, or is one with what must not be half-done.
 */
export async function up(knex: Knex): Promise<void> {
  const isThere = await knex.schema.hasColumn('person', 'copied_at_ms');
  if (isMysql(knex)) {
    if (isThere) return;
    await knex.raw(`ALTER TABLE person ADD COLUMN copied_at_ms BIGINT DEFAULT 0 NOT NULL,
      ADD INDEX person_copy_age (home_region, copied_at_ms)`);
    return;
  }
  if (!isThere) await knex.raw('ALTER TABLE person ADD COLUMN copied_at_ms BIGINT DEFAULT 0 NOT NULL');
  await knex.raw('CREATE INDEX IF NOT EXISTS person_copy_age ON person (home_region, copied_at_ms)');
}

export async function down(knex: Knex): Promise<void> {
  if (!(await knex.schema.hasTable('person'))) return;
  const isThere = await knex.schema.hasColumn('person', 'copied_at_ms');
  if (isMysql(knex)) {
    if (isThere) await knex.raw('ALTER TABLE person DROP INDEX person_copy_age, DROP COLUMN copied_at_ms');
    return;
  }
  await knex.raw('DROP INDEX IF EXISTS person_copy_age');
  if (isThere) await knex.raw('ALTER TABLE person DROP COLUMN copied_at_ms');
}
