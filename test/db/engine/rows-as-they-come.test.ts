import type { Knex } from 'knex';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectMysql, connectSqlite } from '../../../src/db/engine/connect.ts';
import { parseMysqlAddress } from '../../../src/db/engine/mysql-address.ts';
import { rowsOf } from '../../../src/db/engine/raw-rows.ts';
import { rowsAsTheyCome } from '../../../src/db/engine/rows-as-they-come.ts';
import { startPrivateMariadb, type PrivateMariadb } from '../../support/private-mariadb.ts';

interface Numbered {
  readonly n: number;
}

let mariadb: PrivateMariadb;
let knex: Knex;

beforeAll(async () => {
  mariadb = await startPrivateMariadb();
  knex = connectMysql(parseMysqlAddress(mariadb.url));
});

afterAll(async () => {
  await knex.destroy();
  await mariadb.stop();
});

async function all<R>(parts: AsyncIterable<readonly R[]>): Promise<(readonly R[])[]> {
  const taken: (readonly R[])[] = [];
  for await (const part of parts) taken.push(part);
  return taken;
}

const many = (rows: number): string => `SELECT seq AS n, REPEAT('x', 1000) AS text FROM seq_1_to_${rows} WHERE seq > ?`;

it('hands over all rows, in parts', async () => {
  const lengths: number[] = [];
  let sum = 0;
  for await (const part of rowsAsTheyCome<Numbered>(knex, many(2500), [10], 1000)) {
    lengths.push(part.length);
    for (const { n } of part) sum += n;
  }
  expect(lengths).toEqual([1000, 1000, 490]);
  expect(sum).toBe((2500 * 2501) / 2 - 55);
});

it('has no part where there are no rows', async () => {
  for await (const part of rowsAsTheyCome<Numbered>(knex, many(5), [5], 1000)) expect.unreachable(`${part.length}`);
});

it('keeps the server waiting while rows are not taken', async () => {
  const parts = rowsAsTheyCome<Numbered>(knex, many(200_000), [0], 100);
  const before = process.memoryUsage.rss();
  await parts.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  // All of them would be 200 MB.
  expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 ** 2);
  let rows = 100;
  for await (const part of parts) rows += part.length;
  expect(rows).toBe(200_000);
});

it('leaves a pool that works when nobody wants the rest', async () => {
  for (let each = 0; each < 20; each++) {
    const parts = rowsAsTheyCome<Numbered>(knex, many(100_000), [0], 10);
    expect((await parts.next()).value).toHaveLength(10);
    await parts.return(undefined);
  }
  expect(await rowsOf(knex, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('leaves a connection that goes on when nobody looks at the last parts', async () => {
  const one = connectMysql(parseMysqlAddress(mariadb.url));
  const parts = rowsAsTheyCome<Numbered>(one, many(25), [0], 10);
  await parts.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await parts.return(undefined);
  const ids = await Promise.all([1, 2, 3].map(() => rowsOf(one, 'SELECT CONNECTION_ID() AS id')));
  expect(ids.flat()).toHaveLength(3);
  await one.destroy();
});

it('fails with what the server says', async () => {
  await expect(rowsAsTheyCome(knex, 'SELECT nothing FROM nowhere', [], 10).next()).rejects.toThrow(/nowhere/);
  const late = 'SELECT seq AS n FROM seq_1_to_50000 WHERE seq < 40000 OR (SELECT seq FROM seq_1_to_2) = ?';
  await expect(all(rowsAsTheyCome(knex, late, [1], 10))).rejects.toThrow(/more than 1 row/);
  expect(await rowsOf(knex, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('fails when the server dies in the middle', async () => {
  const parts = rowsAsTheyCome<Numbered>(knex, many(1_000_000), [0], 100);
  await parts.next();
  await mariadb.kill9();
  await expect(all(parts)).rejects.toThrow();
  await mariadb.restart();
  expect(await rowsOf(knex, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('is one part on SQLite', async () => {
  const sqlite = connectSqlite(':memory:');
  const parts = await all(rowsAsTheyCome(sqlite, 'SELECT ? AS n UNION SELECT 2', [1], 1));
  expect(parts).toEqual([[{ n: 1 }, { n: 2 }]]);
  expect(await all(rowsAsTheyCome(sqlite, 'SELECT 1 AS n WHERE ? = 2', [1], 1))).toEqual([]);
  await sqlite.destroy();
});
