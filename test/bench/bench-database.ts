import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { startPrivateMariadb, type PrivateMariadb } from '../support/private-mariadb.ts';

/** A database with the population of the bench in it. */
export interface BenchDatabase {
  readonly mariadb: PrivateMariadb;
  readonly sql: Connection;
}

/** Person ids of the bench: thirds of the population live in the three counties. */
export function benchPersonId(index: number): string {
  const region = ['310118', '320509', '330421'][index % 3] ?? '310118';
  return `${region}3${String(index).padStart(8, '0')}`;
}

/** Starts MariaDB with full durability and room for a million persons. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  const mariadb = await startPrivateMariadb({
    bufferPoolMiB: 4096,
    redoMiB: 2048,
    flushLogAtTrxCommit: 1,
    extraArgs: ['--innodb-flush-method=O_DIRECT', '--skip-log-bin', '--max-connections=200'],
  });
  const sql = await createConnection({ uri: mariadb.url, multipleStatements: true });
  return { mariadb, sql };
}

/** Copies one stored person of each county until there are as many as asked; ids as {@link benchPersonId} makes them. */
export async function loadPopulation(sql: Connection, count: number, log: (text: string) => void): Promise<void> {
  const step = 100_000;
  for (let from = 0; from < count; from += step) {
    const to = Math.min(count, from + step) - 1;
    // The sequence engine makes numbers without a table; the templates are persons imported by the service's own code.
    const id = `CONCAT(ELT(s.seq % 3 + 1, '310118', '320509', '330421'), '3', LPAD(s.seq, 8, '0'))`;
    const region = `ELT(s.seq % 3 + 1, '310118', '320509', '330421')`;
    await sql.query(
      `INSERT INTO person (person_id, home_region, scheme, name, facts)
         SELECT ${id}, t.home_region, t.scheme, t.name, t.facts
         FROM seq_${String(from)}_to_${String(to)} s JOIN person t ON t.person_id = CONCAT(${region}, '3template');
       INSERT INTO account (person_id, current_fen, carried_fen)
         SELECT ${id}, 0, 80000 FROM seq_${String(from)}_to_${String(to)} s`,
    );
    log(`persons ${String(to + 1)} of ${String(count)}`);
  }
}

/** One number from the database. */
export async function numberFrom(sql: Connection, query: string): Promise<number> {
  const [rows] = await sql.query<(RowDataPacket & { n: string | number | null })[]>(query);
  return Number(rows[0]?.n ?? 0);
}
