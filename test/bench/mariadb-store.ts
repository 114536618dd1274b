import { join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { openDatabase } from '../../src/db/open-database.ts';
import type { Progress } from '../../src/cli/progress.ts';
import { mariadbVersion, startPrivateMariadb, type PrivateMariadb } from '../support/private-mariadb.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { addBenchKeys } from './bench-keys.ts';
import { BENCH_REGIONS, CARRIED_FEN } from './bench-people.ts';
import type { BenchStore } from './bench-store.ts';
import { cachedFolder, populationKey } from './cached-folder.ts';

const YARDSTICKS = 'yardsticks';
const STEP = 100_000;
/** What the population is made from, besides the tables. */
const SOURCES = [
  import.meta.filename,
  join(import.meta.dirname, 'bench-people.ts'),
  join(import.meta.dirname, '../support/settlement-samples.ts'),
];

/** Copies one stored person of each county until there are as many as asked; ids as benchPersonId makes them. */
async function loadPersons(sql: Connection, count: number, progress: Progress): Promise<void> {
  progress.begin('persons', count);
  const regions = BENCH_REGIONS.map((region) => `'${region}'`).join(', ');
  const region = `ELT(s.seq % 3 + 1, ${regions})`;
  const id = `CONCAT(${region}, '3', LPAD(s.seq, 8, '0'))`;
  for (let from = 0; from < count; from += STEP) {
    const to = Math.min(count, from + STEP);
    // The sequence engine makes numbers without a table; the templates are persons imported by the service's own code.
    await sql.query(
      `INSERT INTO person (person_id, home_region, scheme, name, facts)
         SELECT ${id}, t.home_region, t.scheme, t.name, t.facts
         FROM seq_${from}_to_${to - 1} s JOIN person t ON t.person_id = CONCAT(${region}, '3template');
       INSERT INTO account (person_id, current_fen, carried_fen)
         SELECT ${id}, 0, ${CARRIED_FEN} FROM seq_${from}_to_${to - 1} s`,
    );
    progress.at(to);
  }
  progress.end();
}

async function migrated(url: string, fill?: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<void>) {
  const database = await openDatabase({ url, dataDir: '.' });
  await database.migrate();
  await fill?.(database);
  await database.close();
}

async function load(mariadb: PrivateMariadb, persons: number, institutions: number, progress: Progress): Promise<void> {
  await migrated(mariadb.url, async ({ personStore, keyStore }) => {
    await personStore.importPersons(
      BENCH_REGIONS.map((homeRegion) => samplePerson(`${homeRegion}3template`, { homeRegion })),
    );
    await addBenchKeys(keyStore, institutions);
  });
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true });
  await loadPersons(sql, persons, progress);
  await migrated(await mariadb.createDatabase(YARDSTICKS));
  progress.begin('persons for the yardsticks', 2);
  for (const [done, table] of ['person', 'account'].entries()) {
    await sql.query(`INSERT INTO ${YARDSTICKS}.${table} SELECT * FROM ${table}`);
    progress.at(done + 1);
  }
  progress.end();
  // The server counts rows again some seconds after they came; what is kept must not say for ever that there are three.
  for (const database of ['tongjie', YARDSTICKS]) {
    await sql.query(`ANALYZE TABLE ${database}.person, ${database}.account`);
  }
  await sql.end();
}

/** Data of a server that was stopped in an orderly way, with the population twice: for the service and for the yardsticks. */
function populatedData(persons: number, institutions: number, progress: Progress): Promise<string> {
  const key = populationKey(SOURCES, ['mariadb', mariadbVersion(), persons, institutions]);
  return cachedFolder(key, async (folder) => {
    // What is loaded can be loaded again, so it need not be durable.
    const mariadb = await startPrivateMariadb({ bufferPoolMiB: 2048, redoMiB: 256, flushLogAtTrxCommit: 0 });
    try {
      await load(mariadb, persons, institutions, progress);
      await mariadb.leaveDataIn(folder);
    } catch (error) {
      await mariadb.stop();
      throw error;
    }
  });
}

const SERVER_ARGS = [
  '--innodb-flush-method=O_DIRECT',
  '--skip-log-bin',
  '--innodb-buffer-pool-dump-at-shutdown=0',
  // Packets of a batch are a quarter of a megabyte.
  '--net-buffer-length=1048576',
  // The buffer pool is touched at once, as in a server that has run for a while: a page's first use would count as settling.
  '--memlock',
];

/** Brings the population into memory, as it is in a server that has run for a while. */
async function warmUp(sql: Connection, database: string): Promise<void> {
  await sql.query(`SELECT SUM(LENGTH(facts)) FROM ${database}.person`);
  await sql.query(`SELECT SUM(carried_fen) FROM ${database}.account`);
}

/** Starts MariaDB with full durability on a copy of the population. */
export async function startMariadbStore(
  persons: number,
  institutions: number,
  progress: Progress,
): Promise<BenchStore> {
  const mariadb = await startPrivateMariadb({
    bufferPoolMiB: 4096,
    redoMiB: 2048,
    flushLogAtTrxCommit: 1,
    extraArgs: SERVER_ARGS,
    dataFrom: await populatedData(persons, institutions, progress),
    startTimeoutMs: 120_000,
  });
  const sql = await createConnection({ uri: mariadb.url });
  for (const database of ['tongjie', YARDSTICKS]) await warmUp(sql, database);
  const withSocket = (url: string): string => `${url}?socketPath=${mariadb.socketPath}`;
  return {
    name: `MariaDB ${mariadbVersion()}, innodb_flush_log_at_trx_commit=1`,
    options: { url: withSocket(mariadb.url), dataDir: mariadb.dataDir },
    pid: mariadb.pid,
    yardstickUrl: withSocket(mariadb.urlOf(YARDSTICKS)),
    async rows(query) {
      const [rows] = await sql.query<RowDataPacket[]>(query);
      return rows;
    },
    async stop() {
      await sql.end();
      await mariadb.stop();
    },
  };
}
