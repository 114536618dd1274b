import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild, type BenchChild } from './bench-child.ts';
import type { BillSource } from './bench-bills.ts';
import { benchInstitutionIds, benchInstitutions } from './bench-people.ts';
import { readBenchItems, startBenchService, writeBenchConfig, type BenchService } from './bench-service.ts';
import type { BenchStore } from './bench-store.ts';
import type { LoadResult } from './latency-record.ts';
import type { LoadJob } from './load-process.ts';
import { startMariadbStore } from './mariadb-store.ts';
import type { BenchContext } from './scenario.ts';
import { startSqliteStore } from './sqlite-store.ts';

const LINES_PER_BILL = 10;
const DAY_OFFSET_MS = 8 * 3_600_000;

/** Today in Shanghai, where visits of the bench take place. */
export function benchDate(): string {
  return new Date(Date.now() + DAY_OFFSET_MS).toISOString().slice(0, 10);
}

/** A database with its population, services on it, and a process that can load them. */
export interface World {
  readonly store: BenchStore;
  readonly services: readonly BenchService[];
  readonly client: BenchChild<LoadJob, LoadResult>;
  readonly source: BillSource;
  readonly configDir: string;
  stop(): Promise<void>;
}

/** Starts a world of its own for a scenario, so that it counts from nothing. */
export async function startWorld({ options, progress, say }: BenchContext): Promise<World> {
  const { persons, institutions, engine, serves, profile } = options;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.splice(0).reverse()) await one.stop();
  };
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-'));
  started.push({ stop: async () => rmSync(folder, { recursive: true, force: true }) });
  try {
    const configDir = join(folder, 'config');
    const ids = benchInstitutionIds(institutions);
    writeBenchConfig(configDir, ids);

    say(`starting ${engine} with ${persons} persons`);
    const store = await (engine === 'mariadb' ? startMariadbStore : startSqliteStore)(persons, institutions, progress);
    started.push(store);
    const { url, dataDir } = store.options;
    const settings = { CONFIG_DIR: configDir, DATA_DIR: dataDir, ...(url === undefined ? {} : { DATABASE_URL: url }) };
    const nodeArguments = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
    const services: BenchService[] = [];
    for (let index = 0; index < serves; index++) {
      const service = await startBenchService(settings, nodeArguments);
      services.push(service);
      started.push(service);
    }
    const client = startChild<LoadJob, LoadResult>(join(import.meta.dirname, 'load-process.ts'));
    started.push(client);
    const source: BillSource = {
      institutions: benchInstitutions(ids),
      items: readBenchItems(configDir),
      persons,
      visitDate: benchDate(),
      linesPerBill: LINES_PER_BILL,
    };
    return { store, services, client, source, configDir, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
