import createKnex, { type Knex } from 'knex';
import type { Database as RawSqlite } from 'better-sqlite3';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Connection } from 'mysql2';
import { ourError } from './driver-errors.ts';
import type { MysqlAddress } from './mysql-address.ts';
import { connectionOptions, prepareSession } from './mysql-sessions.ts';

// knex would otherwise put the values of a failed statement into its message.
const DISCREET = { compileSqlOnError: false, log: { warn: () => undefined } };

/** knex on a MariaDB or MySQL server. */
export function connectMysql(address: MysqlAddress): Knex {
  return createKnex({
    ...DISCREET,
    client: 'mysql2',
    connection: connectionOptions(address),
    pool: {
      min: 0,
      max: 8,
      afterCreate(connection: Connection, done: (error: unknown, connection: Connection) => void) {
        prepareSession(connection).then(
          () => done(null, connection),
          (error: unknown) => done(error, connection),
        );
      },
    },
  });
}

/** knex on an SQLite file, with one connection for everything in this process. */
export function connectSqlite(filename: string): Knex {
  return createKnex({
    ...DISCREET,
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate(raw: RawSqlite, done: (error: unknown, raw: RawSqlite) => void) {
        raw.pragma('journal_mode = WAL');
        raw.pragma('synchronous = FULL');
        raw.pragma('foreign_keys = OFF');
        raw.pragma('busy_timeout = 5000');
        // Pages that many batches change are then written back once for all of them: a fifth more throughput.
        raw.pragma('wal_autocheckpoint = 8000');
        done(null, raw);
      },
    },
  });
}

/**
 * Makes the database of an address when the server has none of that name.
 *
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function ensureMysqlDatabase(address: MysqlAddress): Promise<void> {
  const { database } = address;
  try {
    const connection = await createConnection({ ...connectionOptions(address), database: undefined });
    try {
      // A user who may use the database need not be one who may make it.
      const [found] = await connection.query<RowDataPacket[]>('SHOW DATABASES LIKE ?', [database.replace(/_/g, '\\_')]);
      if (found.length === 0) {
        await connection.query(
          `CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
        );
      }
    } finally {
      connection.destroy();
    }
  } catch (error) {
    throw ourError(error);
  }
}
