import { createPool, type Connection, type PoolConnection } from 'mysql2';
import { isConnectionLost } from './driver-errors.ts';
import type { MysqlAddress } from './mysql-address.ts';
import type { Row } from './raw-rows.ts';

/**
 * What every session has, whatever the server's own settings are: our escaping is right for this sql_mode only, a value
 * that does not fit is an error, and a plain read after a lock sees what the lock waited for.
 */
const SESSION_SETTINGS = [
  // A look-up of 64 keys need not be estimated by 64 dives into the index: there is only one way to do it.
  "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',SESSION innodb_lock_wait_timeout=5,SESSION eq_range_index_dive_limit=1",
  // A batch is parsed into some megabytes: kept from one statement to the next instead of asked of the system each time.
  'SET SESSION query_prealloc_size=2097152,SESSION query_alloc_block_size=262144',
  // Apart, because the variable behind it has not the same name everywhere.
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/**
 * The driver takes strings, which it measures and encodes. With this it makes bytes of a string in which each character
 * stands for one by copying them, and the server stores those as they are, after looking whether the column can hold them.
 * Told that they were UTF-8, it would count their characters and convert them first. (The driver follows what is set here.)
 */
const BYTES_AS_THEY_ARE =
  'SET character_set_client=binary,character_set_connection=binary,character_set_results=utf8mb4';

/** Connection options that both mysql2 pools share. Integers beyond 2^53 come as text instead of as a near miss. */
export function connectionOptions(address: MysqlAddress) {
  return { ...address, charset: 'utf8mb4', supportBigNumbers: true, connectTimeout: 10_000 };
}

/** One connection of the write path, for as long as one transaction takes. */
export interface MysqlSession {
  /** Sends several statements at once, as UTF-8; one result for each, of which only the rows of reads matter. */
  run(statements: Buffer): Promise<readonly (readonly Row[])[]>;
}

/** A few connections for the write path; a broken one is replaced when the next transaction asks. */
export interface MysqlSessions {
  use<T>(work: (session: MysqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

function run(connection: Connection, statements: string): Promise<readonly (readonly Row[])[]> {
  return new Promise((resolve, reject) => {
    connection.query(statements, (error, results: unknown) => {
      if (error) reject(error);
      else resolve(results as readonly (readonly Row[])[]);
    });
  });
}

/** Gives a new connection our settings. */
export async function prepareSession(connection: Connection): Promise<void> {
  for (const setting of SESSION_SETTINGS) await run(connection, setting);
}

/** Ends what the failed work left open; a connection on which that does not work either is dropped. */
async function giveBack(connection: PoolConnection, error: unknown): Promise<void> {
  if (isConnectionLost(error)) {
    connection.destroy();
    return;
  }
  try {
    await run(connection, 'ROLLBACK');
    connection.release();
  } catch {
    connection.destroy();
  }
}

export function openMysqlSessions(address: MysqlAddress, connections: number): MysqlSessions {
  const pool = createPool({
    ...connectionOptions(address),
    multipleStatements: true,
    connectionLimit: connections,
    // The texts are complete: looking through them for placeholders took as long as everything else mysql2 does.
    queryFormat: (statements: string) => statements,
  });

  function acquire(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      pool.getConnection((error, connection) => {
        if (error) reject(error);
        else resolve(connection);
      });
    });
  }

  const prepared = new WeakSet<PoolConnection>();

  return {
    async use(work) {
      const connection = await acquire();
      try {
        if (!prepared.has(connection)) {
          await prepareSession(connection);
          await run(connection, BYTES_AS_THEY_ARE);
          prepared.add(connection);
        }
        const result = await work({ run: (statements) => run(connection, statements.toString('latin1')) });
        connection.release();
        return result;
      } catch (error) {
        await giveBack(connection, error);
        throw error;
      }
    },
    close: () => pool.promise().end(),
  };
}
