import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { connectMysql } from '../../src/db/engine/connect.ts';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { expectCleared } from '../support/cleared.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { startPrivateMariadb, type PrivateMariadb } from '../support/private-mariadb.ts';
import { dueIn, expectSquare } from '../support/square.ts';
import { admitPersons, startTraffic } from '../support/traffic.ts';
import { runStorm, settleDown } from './clearing-storm.ts';
import { openOffice } from './storm-office.ts';
import type { Storm } from './storm-world.ts';

const IS_LONG = process.env['STORM'] === '1';
const SIZE = IS_LONG ? { days: 30, bills: 200_000, atOnce: 160 } : { days: 6, bills: 1200, atOnce: 16 };
/** Near the end of a month, so that a short storm sees its payments, too. */
const FIRST_DATE = '2026-11-29';
const CHECK_EVERY_DAYS = IS_LONG ? 10 : 1;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const HOUR_MS = 3_600_000;

describe('a storm over clearing', () => {
  let mariadb: PrivateMariadb;
  let database: Database;
  let dataDir: string;
  let knex: Knex;

  beforeAll(async () => {
    mariadb = await startPrivateMariadb(IS_LONG ? { bufferPoolMiB: 1024, redoMiB: 256 } : {});
    dataDir = mkdtempSync(join(tmpdir(), 'tongjie-storm-'));
    database = await openDatabase({ url: mariadb.url, dataDir });
    await database.migrate();
    knex = connectMysql(parseMysqlAddress(mariadb.url));
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
  });

  afterAll(async () => {
    await knex.destroy();
    await database.close();
    await mariadb.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it(
    `of ${SIZE.bills} bills over ${SIZE.days} days loses nothing and counts nothing twice (SEED=${SEED})`,
    { timeout: IS_LONG ? HOUR_MS : 180_000 },
    async () => {
      const clock = fakeClock(`${FIRST_DATE} 08:00`);
      const persons = await admitPersons(database, IS_LONG ? 5000 : 300);
      const traffic = startTraffic(database, persons, clock);
      const done = new Map<string, number>();
      const office = openOffice(database, clock, done);
      const storm: Storm = { database, mariadb, clock, traffic, office, knex, dataDir, done };
      const instants: number[] = [];
      const afterNight = async (number: number): Promise<void> => {
        instants.push(clock.now());
        if (IS_LONG) process.stdout.write(`night ${number} of ${SIZE.days}, ${traffic.answered.size} so far\n`);
        if (number % CHECK_EVERY_DAYS === 0) await expectSquare(database, knex, instants.slice(0, 1));
      };
      await runStorm(storm, { seed: SEED, firstDate: FIRST_DATE, ...SIZE, afterNight });
      await expectSquare(database, knex, instants.slice(-2));
      const { windows, settlements, late } = await expectCleared(database, traffic.answered);
      await settleDown(storm, SEED);
      await expectSquare(database, knex, instants.slice(0, 2));
      expect(await dueIn(knex), 'in the end nobody owes anybody anything').toEqual(new Map());
      const acts = Array.from(storm.done, ([name, times]) => `${name} ${times}`)
        .sort()
        .join(', ');
      process.stdout.write(`\nseed ${SEED}: ${settlements} in ${windows} windows, ${late} reversed late; ${acts}\n`);
      expect(settlements).toBe(traffic.answered.size);
      expect(windows).toBeGreaterThanOrEqual(SIZE.days);
      expect(late).toBeGreaterThan(0);
    },
  );
});
