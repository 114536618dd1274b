import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/db/open-database.ts';
import { FIRST_DATE } from '../../support/databases.ts';
import { startPrivateMariadb, type PrivateMariadb } from '../../support/private-mariadb.ts';
import { needFor, samplePerson, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

const PERSONS = Array.from({ length: 40 }, (_, index) => `p${index}`);
const UNAVAILABLE = { name: 'AppError', code: 'DATABASE_UNAVAILABLE', status: 503, retryable: true };

describe('a MariaDB that fails', () => {
  let mariadb: PrivateMariadb;
  let database: Database;
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-db-'));

  beforeAll(async () => {
    mariadb = await startPrivateMariadb();
    // Neither this database nor its tables are there yet.
    database = await openDatabase({ url: mariadb.urlOf('made_by_open-database'), dataDir, connections: 2 });
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    await database.personStore.importPersons(PERSONS.map((id) => samplePerson(id)));
  });

  afterAll(async () => {
    await database.close();
    await mariadb.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** One bill for each of some persons in one transaction; resolves to what was acknowledged. */
  function settle(personIds: readonly string[]): Promise<string[]> {
    return database.settlementStore.transact(needFor(personIds), ({ windowId }) => {
      const settlements = personIds.map((personId) => sampleSettlement({ personId, windowId }));
      const accumulators = personIds.map((personId) => ({ personId, bucket: 'b', amounts: { poolPaid: 1 } }));
      return {
        writes: writesFor(settlements, { accumulators }),
        result: settlements.map(({ row }) => row.settlementId),
      };
    });
  }

  async function query(sql: string): Promise<RowDataPacket[]> {
    const connection = await createConnection(mariadb.urlOf('made_by_open-database'));
    try {
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      return rows;
    } finally {
      await connection.end();
    }
  }

  it('keeps every acknowledged settlement and no partial one through kill -9 under load', async () => {
    const acknowledged: string[] = [];
    const failures: unknown[] = [];
    let isLoaded = true;
    const client = async (seed: number): Promise<void> => {
      for (let round = 0; isLoaded; round++) {
        const personIds = [0, 1, 2, 3].map((index) => PERSONS[(seed * 4 + round + index) % PERSONS.length]!);
        try {
          acknowledged.push(...(await settle(personIds)));
        } catch (error) {
          failures.push(error);
          await sleep(20);
        }
      }
    };
    const clients = Array.from({ length: 16 }, (_, seed) => client(seed));
    while (acknowledged.length < 2_000) await sleep(5);
    await mariadb.kill9();
    const whenKilled = acknowledged.length;
    while (failures.length < 16) await sleep(5);
    await mariadb.restart();
    // The same Database goes on without being opened again.
    while (acknowledged.length < whenKilled + 500) await sleep(5);
    isLoaded = false;
    await Promise.all(clients);

    for (const failure of failures) expect(failure).toMatchObject(UNAVAILABLE);
    const stored = new Set(
      (await query('SELECT settlement_id FROM settlement')).map((row) => row.settlement_id as string),
    );
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    const partial = await query(`SELECT s.settlement_id FROM settlement s
      LEFT JOIN settlement_document d USING (settlement_id)
      LEFT JOIN outbox o ON o.message_id = s.settlement_id
      LEFT JOIN (SELECT entry_id, COUNT(*) AS legs, SUM(amount_fen) AS balance FROM posting GROUP BY entry_id) p
        ON p.entry_id = s.settlement_id
      WHERE d.settlement_id IS NULL OR o.message_id IS NULL OR p.legs <> 6 OR p.legs IS NULL OR p.balance <> 0`);
    expect(partial).toEqual([]);
    const [strays] =
      await query(`SELECT (SELECT COUNT(*) FROM posting) AS postings, (SELECT COUNT(*) FROM outbox) AS messages,
      (SELECT COUNT(*) FROM settlement_document) AS documents, (SELECT SUM(raises) FROM accumulator) AS raises`);
    const all = stored.size;
    expect(strays).toEqual({ postings: all * 6, messages: all, documents: all, raises: String(all) });
  });

  it('is unavailable while it is down, for every port, and works again when it is up', async () => {
    await mariadb.kill9();
    await expect(settle(['p1'])).rejects.toMatchObject(UNAVAILABLE);
    await expect(database.settlementStore.read(needFor(['p1']))).rejects.toMatchObject(UNAVAILABLE);
    await expect(database.ping()).rejects.toMatchObject(UNAVAILABLE);
    await expect(database.settlementQueries.totals()).rejects.toMatchObject(UNAVAILABLE);
    await expect(database.clearingStore.closeWindow(FIRST_DATE, '2026-11-25', 1)).rejects.toMatchObject(UNAVAILABLE);
    await expect(openDatabase({ url: mariadb.url, dataDir })).rejects.toMatchObject(UNAVAILABLE);
    await mariadb.restart();
    await expect(settle(['p1'])).resolves.toHaveLength(1);
    await expect(database.ping()).resolves.toBeUndefined();
  });

  it('loses nothing when it cuts a transaction off between reading and writing', async () => {
    const cutOff = database.settlementStore.transact(needFor(['p2']), ({ windowId }) => {
      // As abrupt as it gets: the server is gone before decide returns.
      process.kill(mariadb.pid, 'SIGKILL');
      return { writes: writesFor([sampleSettlement({ personId: 'p2', windowId })]), result: 0 };
    });
    await expect(cutOff).rejects.toMatchObject(UNAVAILABLE);
    await mariadb.restart();
    await expect(settle(['p2'])).resolves.toHaveLength(1);
  });

  it('is busy when a lock is not given up in time', async () => {
    const blocker = await createConnection(mariadb.urlOf('made_by_open-database'));
    await blocker.query('BEGIN');
    await blocker.query("SELECT * FROM person WHERE person_id = 'p3' FOR UPDATE");
    await expect(database.personStore.importPersons([samplePerson('p3')])).rejects.toMatchObject({
      code: 'DATABASE_BUSY',
      status: 503,
      retryable: true,
    });
    await blocker.query('ROLLBACK');
    await blocker.end();
    await expect(settle(['p3'])).resolves.toHaveLength(1);
  });

  it('tries a deadlock again without telling anyone', async () => {
    const rival = await createConnection(mariadb.urlOf('made_by_open-database'));
    // The rival has changed more, so that InnoDB chooses our transaction as the victim.
    await rival.query('BEGIN');
    await rival.query("UPDATE posting SET party = 'rival' LIMIT 500");
    await rival.query("SELECT * FROM person WHERE person_id = 'p5' FOR UPDATE");
    let decisions = 0;
    const settled = database.settlementStore.transact(needFor(['p4', 'p5']), ({ windowId }) => {
      decisions += 1;
      return { writes: writesFor([sampleSettlement({ personId: 'p5', windowId })]), result: 'settled' };
    });
    // Ours holds p4 and waits for p5; now the rival wants p4.
    await sleep(200);
    await rival.query("SELECT * FROM person WHERE person_id = 'p4' FOR UPDATE");
    await rival.query('ROLLBACK');
    await rival.end();
    await expect(settled).resolves.toBe('settled');
    expect(decisions).toBe(1);
    const [status] = await query("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'");
    expect(Number(status!.Value)).toBeGreaterThan(0);
  });

  it('refuses a stranger for good', async () => {
    const url = mariadb.urlOf('tongjie').replace('root@', 'stranger:wrong@');
    await expect(openDatabase({ url, dataDir })).rejects.toMatchObject({ code: 'DATABASE_REFUSED', retryable: false });
  });
});
