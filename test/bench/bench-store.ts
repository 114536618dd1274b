import type { DatabaseOptions } from '../../src/db/open-database.ts';

/** A row of a plain query. */
export type StoreRow = Readonly<Record<string, unknown>>;

/** A database with the population of the bench in it, as those look at it who measure. */
export interface BenchStore {
  /** Engine and version, for the record. */
  readonly name: string;
  /** How the code of the service opens it. */
  readonly options: DatabaseOptions;
  /** The server's process; undefined where the database is inside the service. */
  readonly pid: number | undefined;
  /** Where the yardsticks have a population of their own; undefined where there are none. */
  readonly yardstickUrl: string | undefined;
  rows(query: string): Promise<readonly StoreRow[]>;
  stop(): Promise<void>;
}

/** One number. */
export async function numberFrom(store: Pick<BenchStore, 'rows'>, query: string): Promise<number> {
  const [row] = await store.rows(query);
  return Number(Object.values(row ?? {})[0] ?? 0);
}
