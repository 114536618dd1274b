import { Readable } from 'node:stream';
import type { Database as RawSqlite, Statement } from 'better-sqlite3';
import type { Knex } from 'knex';
import type { Connection, QueryOptions, ResultSetHeader } from 'mysql2';
import type { StagedLines } from '../../app/reconciliation/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { valuesText, type SqlValue } from '../engine/sql-text.ts';

const COLUMNS =
  'settlement_id, line_no, refund, visit_id, person_id, total_fen, fund_total_fen, account_fen, policy_hash';
const NUMBERS = new Set([1, 2, 5, 6, 7]);
const ROWS_A_STATEMENT = 2000;

/** Stores staged lines of a run. */
export type AppendLines = (runId: number, staged: StagedLines) => Promise<void>;

interface Pool {
  acquireConnection(): Promise<Connection | RawSqlite>;
  releaseConnection(connection: Connection | RawSqlite): Promise<void>;
}

async function withConnection<T>(knex: Knex, work: (connection: Connection | RawSqlite) => Promise<T> | T): Promise<T> {
  const pool = knex.client as Pool;
  const connection = await pool.acquireConnection();
  try {
    return await work(connection);
  } finally {
    await pool.releaseConnection(connection);
  }
}

function query(connection: Connection | RawSqlite, options: QueryOptions): Promise<ResultSetHeader> {
  return new Promise((resolve, reject) => {
    (connection as Connection).query<ResultSetHeader>(options, (error, header) => {
      if (error) reject(error);
      else resolve(header);
    });
  });
}

/** Staged lines as values, for engines that cannot take their bytes. */
export function valuesOf({ bytes }: StagedLines): SqlValue[][] {
  const lines = bytes.toString('latin1').split('\n');
  lines.pop();
  return lines.map((line) =>
    line.split('\t').map((field, index) => {
      if (field === '\\N') return null;
      return NUMBERS.has(index) ? Number(field) : field;
    }),
  );
}

/** 1148, 3948: the server does not take files from clients. */
function isRefusedByServer(error: unknown): boolean {
  return [1148, 3948].includes((error as { errno?: number }).errno ?? 0);
}

async function loadData(knex: Knex, runId: number, { bytes, lines }: StagedLines): Promise<void> {
  const header = await withConnection(knex, (connection) =>
    query(connection, {
      sql: `LOAD DATA LOCAL INFILE 'staged lines' INTO TABLE reconciliation_line CHARACTER SET binary
        FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '\\n' (${COLUMNS}) SET run_id = ${runId}`,
      infileStreamFactory: () => Readable.from([bytes]),
    }),
  );
  // From a client, a line that does not fit is a warning only.
  invariant(header.affectedRows === lines && header.warningStatus === 0, 'every staged line is stored as it is');
}

/** The same with plain inserts: half as fast. */
export async function insertLines(knex: Knex, runId: number, staged: StagedLines): Promise<void> {
  const rows = valuesOf(staged);
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    const values = valuesText(rows.slice(from, from + ROWS_A_STATEMENT).map((row) => [runId, ...row]));
    const sql = `INSERT INTO reconciliation_line (run_id, ${COLUMNS}) VALUES ${values}`;
    await withConnection(knex, (connection) => query(connection, { sql }));
  }
}

/** On MariaDB and MySQL: as a stream that the server reads itself, or by inserts where it may not. */
export function createMysqlAppend(knex: Knex): AppendLines {
  let mayLoad = true;
  return async (runId, staged) => {
    if (mayLoad) {
      try {
        await loadData(knex, runId, staged);
        return;
      } catch (error) {
        if (!isRefusedByServer(error)) throw error;
        mayLoad = false;
      }
    }
    await insertLines(knex, runId, staged);
  };
}

/** On SQLite: one prepared insert, one transaction a call. */
export function createSqliteAppend(knex: Knex): AppendLines {
  const prepared = new WeakMap<RawSqlite, Statement>();
  const statementOf = (raw: RawSqlite): Statement => {
    const known = prepared.get(raw);
    if (known !== undefined) return known;
    const places = COLUMNS.split(',').map(() => '?');
    const made = raw.prepare(`INSERT INTO reconciliation_line (run_id, ${COLUMNS}) VALUES (?, ${places.join(',')})`);
    prepared.set(raw, made);
    return made;
  };
  return (runId, staged) =>
    withConnection(knex, (connection) => {
      const raw = connection as RawSqlite;
      const insert = statementOf(raw);
      raw.transaction(() => {
        for (const row of valuesOf(staged)) insert.run(runId, ...row);
      })();
    });
}
