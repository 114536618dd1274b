import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { expectCleared } from '../support/cleared.ts';
import { FIRST_DATE } from '../support/databases.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { startPrivateMariadb, type PrivateMariadb } from '../support/private-mariadb.ts';
import { admitPersons, startTraffic } from '../support/traffic.ts';
import { runStorm, type Storm } from './clearing-storm.ts';

const IS_LONG = process.env['STORM'] === '1';
const SIZE = IS_LONG ? { days: 30, bills: 200_000 } : { days: 3, bills: 2000 };
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const HOUR_MS = 3_600_000;

describe('a storm over clearing', () => {
  let mariadb: PrivateMariadb;
  let database: Database;
  let dataDir: string;

  beforeAll(async () => {
    mariadb = await startPrivateMariadb(IS_LONG ? { bufferPoolMiB: 1024, redoMiB: 256 } : {});
    dataDir = mkdtempSync(join(tmpdir(), 'tongjie-storm-'));
    database = await openDatabase({ url: mariadb.url, dataDir });
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
  });

  afterAll(async () => {
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
      const storm: Storm = { database, mariadb, clock, traffic, dataDir, done: new Map() };
      await runStorm(storm, { seed: SEED, ...SIZE });
      const { windows, settlements, late } = await expectCleared(database, traffic.answered);
      const acts = Array.from(storm.done, ([name, times]) => `${name} ${times}`).join(', ');
      process.stdout.write(`seed ${SEED}: ${settlements} in ${windows} windows, ${late} reversed late; ${acts}\n`);
      expect(settlements).toBe(traffic.answered.size);
      expect(windows).toBeGreaterThanOrEqual(SIZE.days);
      expect(late).toBeGreaterThan(0);
    },
  );
});
