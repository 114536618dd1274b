import { existsSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDatabase, startPrivateMariadb } from './private-mariadb.ts';
import type { PrivateMariadb } from './private-mariadb.ts';

async function query(url: string, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows;
  } finally {
    await connection.end();
  }
}

describe('a private MariaDB', () => {
  let mariadb: PrivateMariadb;

  beforeAll(async () => {
    mariadb = await startPrivateMariadb({ bufferPoolMiB: 32, extraArgs: ['--max-connections=77'] });
  });

  afterAll(async () => {
    await mariadb.stop();
    expect(existsSync(mariadb.dataDir)).toBe(false);
  });

  it('listens below the ephemeral ports, durable, as asked', async () => {
    expect(mariadb.port).toBeLessThan(32_768);
    const [settings] = await query(
      mariadb.url,
      `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@bind_address AS address, @@max_connections AS connections,
              @@innodb_buffer_pool_size DIV 1048576 AS pool, @@character_set_server AS charset`,
    );
    expect(settings).toEqual({ flush: 1, address: '127.0.0.1', connections: 77, pool: 32, charset: 'utf8mb4' });
  });

  it('keeps what was committed through kill -9 and restart', async () => {
    await query(mariadb.url, 'CREATE TABLE bill (id INT PRIMARY KEY, amount_fen BIGINT NOT NULL)');
    await query(mariadb.url, 'INSERT INTO bill VALUES (1, 12345)');
    const before = mariadb.pid;
    await mariadb.kill9();
    await expect(query(mariadb.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await mariadb.restart();
    expect(mariadb.pid).not.toBe(before);
    expect(await query(mariadb.url, 'SELECT * FROM bill')).toEqual([{ id: 1, amount_fen: 12345 }]);
  });

  it('makes empty databases, anew when asked again', async () => {
    const url = await mariadb.createDatabase('county');
    await query(url, 'CREATE TABLE t (id INT)');
    expect(await mariadb.createDatabase('county')).toBe(url);
    expect(await query(url, 'SHOW TABLES')).toEqual([]);
  });
});

describe('the MariaDB of this run', () => {
  it('is there by its URL', async () => {
    const url = await createDatabase(inject('mariadbUrl'), 'private_mariadb_test');
    expect(await query(url, 'SELECT DATABASE() AS name')).toEqual([{ name: 'private_mariadb_test' }]);
  });
});
