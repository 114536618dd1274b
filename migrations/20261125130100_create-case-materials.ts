import type { Knex } from 'knex';

/** Every statement can run again: MariaDB keeps the tables that a migration made before it died. */
export async function up(knex: Knex): Promise<void> {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  const words = isMysql ? 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const storage = isMysql ? 'ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin' : '';
  const clustered = isMysql ? storage : 'WITHOUT ROWID';
  const indexes = {
    casework_material: { casework_material_case: '(case_id, material_id)', casework_material_hash: '(sha256)' },
    casework_look: { casework_look_material: '(material_id, look_id)' },
  };
  const inTable = (table: keyof typeof indexes): string =>
    Object.entries(isMysql ? indexes[table] : {})
      .map(([name, columns]) => `, INDEX ${name} ${columns}`)
      .join('');

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_material (
      material_id VARCHAR(40) NOT NULL PRIMARY KEY,
      case_id VARCHAR(40) NOT NULL,
      item_id VARCHAR(40) NOT NULL,
      name VARCHAR(200) ${words} NOT NULL,
      media_type VARCHAR(20) NOT NULL,
      size_bytes BIGINT NOT NULL,
      sha256 CHAR(64) NOT NULL,
      added_by VARCHAR(80) ${words} NOT NULL,
      added_region VARCHAR(12) NOT NULL,
      added_at_ms BIGINT NOT NULL,
      missing_since_ms BIGINT
      ${inTable('casework_material')}
    ) ${storage}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_verification (
      case_id VARCHAR(40) NOT NULL,
      item_id VARCHAR(40) NOT NULL,
      verified_by VARCHAR(80) ${words} NOT NULL,
      verified_region VARCHAR(12) NOT NULL,
      verified_at_ms BIGINT NOT NULL,
      PRIMARY KEY (case_id, item_id)
    ) ${clustered}`);

  await knex.raw(`
    CREATE TABLE IF NOT EXISTS casework_look (
      look_id VARCHAR(40) NOT NULL PRIMARY KEY,
      material_id VARCHAR(40) NOT NULL,
      seen_by VARCHAR(80) ${words} NOT NULL,
      seen_region VARCHAR(12) NOT NULL,
      seen_at_ms BIGINT NOT NULL,
      why VARCHAR(200) ${words} NOT NULL
      ${inTable('casework_look')}
    ) ${storage}`);

  if (!isMysql) {
    for (const [table, own] of Object.entries(indexes)) {
      for (const [name, columns] of Object.entries(own)) {
        await knex.raw(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} ${columns}`);
      }
    }
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE IF EXISTS casework_look');
  await knex.raw('DROP TABLE IF EXISTS casework_verification');
  await knex.raw('DROP TABLE IF EXISTS casework_material');
}
