import type { Knex } from 'knex';
import { rowsOf } from '../../src/db/engine/raw-rows.ts';

type TextRow = Readonly<Record<string, string>>;

function isMariadb(knex: Knex): boolean {
  return (knex.client as { dialect: string }).dialect === 'mysql';
}

/** All tables of a database, sorted. */
export async function tableNames(knex: Knex): Promise<string[]> {
  const sql = isMariadb(knex)
    ? 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name'
    : `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`;
  return (await rowsOf<TextRow>(knex, sql)).map(({ name }) => name!);
}

const COLUMNS = `SELECT CONCAT(column_name, ' ', column_type, IF(is_nullable = 'YES', ' NULL', ''),
    IF(column_default IS NULL OR column_default = 'NULL', '', CONCAT(' DEFAULT ', column_default)),
    IF(collation_name IS NULL, '', CONCAT(' ', collation_name))) AS line
  FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`;
const INDEXES = `SELECT CONCAT(IF(MIN(non_unique) = 0, 'UNIQUE ', 'INDEX '), index_name, ' (',
    GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR ', '), ')') AS line
  FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?
  GROUP BY index_name ORDER BY index_name`;
const CHECKS = `SELECT CONCAT('CHECK ', constraint_name, ' ', check_clause) AS line
  FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() AND table_name = ? ORDER BY constraint_name`;

/** Everything about the tables that a migration decides, as text to compare; without what versions of a server add. */
export async function describeSchema(knex: Knex): Promise<string> {
  const tables = (await tableNames(knex)).filter((table) => !table.startsWith('knex_'));
  if (!isMariadb(knex)) {
    const sql = `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'knex_%' ORDER BY tbl_name, type DESC, name`;
    const statements = await rowsOf<TextRow>(knex, sql);
    return statements.map((row) => `${row.sql!.replace(/[^\S\n]+/g, ' ').replace(/\n\s*\n/g, '\n')}\n`).join('\n');
  }
  const parts: string[] = [];
  for (const table of tables) {
    const lines: string[] = [];
    for (const sql of [COLUMNS, INDEXES, CHECKS]) {
      lines.push(...(await rowsOf<TextRow>(knex, sql, [table])).map(({ line }) => `  ${line!}`));
    }
    parts.push(`${table}\n${lines.join('\n')}\n`);
  }
  return parts.join('\n');
}
