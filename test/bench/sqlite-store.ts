import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Progress } from '../../src/cli/progress.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { addBenchKeys } from './bench-keys.ts';
import { BENCH_REGIONS, benchPersonId, CARRIED_FEN } from './bench-people.ts';
import type { BenchStore, StoreRow } from './bench-store.ts';
import { cachedFolder, populationKey } from './cached-folder.ts';

const STEP = 5_000;
const SOURCES = [
  import.meta.filename,
  join(import.meta.dirname, 'bench-people.ts'),
  join(import.meta.dirname, '../support/settlement-samples.ts'),
];

async function load(dataDir: string, persons: number, institutions: number, progress: Progress): Promise<void> {
  const database = await openDatabase({ dataDir });
  await database.migrate();
  await addBenchKeys(database.keyStore, institutions);
  progress.begin('persons', persons);
  for (let from = 0; from < persons; from += STEP) {
    const count = Math.min(STEP, persons - from);
    await database.personStore.importPersons(
      Array.from({ length: count }, (_, offset) => {
        const index = from + offset;
        const homeRegion = BENCH_REGIONS[index % 3] ?? '';
        return {
          ...samplePerson(benchPersonId(index), { homeRegion }),
          accounts: { current: 0, carried: CARRIED_FEN },
        };
      }),
    );
    progress.at(from + count);
  }
  progress.end();
  await database.close();
}

/** A copy of the population in the embedded database, as a service without DATABASE_URL finds it. */
export async function startSqliteStore(persons: number, institutions: number, progress: Progress): Promise<BenchStore> {
  const populated = await cachedFolder(populationKey(SOURCES, ['sqlite', persons, institutions]), (folder) =>
    load(folder, persons, institutions, progress),
  );
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-bench-sqlite-'));
  cpSync(populated, dataDir, { recursive: true });
  const raw = new Sqlite(join(dataDir, 'tongjie.sqlite'));
  const { version } = raw.prepare<[], { version: string }>('SELECT sqlite_version() AS version').get()!;
  return {
    name: `SQLite ${version}, synchronous=FULL`,
    options: { dataDir },
    pid: undefined,
    yardstickUrl: undefined,
    rows: (query) => Promise.resolve(raw.prepare<[], StoreRow>(query).all()),
    async stop() {
      raw.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
