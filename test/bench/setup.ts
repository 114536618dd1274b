import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/open-database.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import type { BenchInstitution, BenchItem } from './bench-bills.ts';
import { loadPopulation, startBenchDatabase, type BenchDatabase } from './bench-database.ts';
import {
  benchInstitutionIds,
  benchInstitutions,
  startBenchService,
  writeBenchConfig,
  type BenchService,
} from './bench-service.ts';

/** How large the world of the bench is. */
export interface BenchOptions {
  readonly persons: number;
  readonly institutions: number;
  readonly nodeArguments: readonly string[];
}

/** A database, a population, a service on it, and what bills are made of. */
export interface Bench extends BenchDatabase {
  readonly service: BenchService;
  readonly institutions: readonly BenchInstitution[];
  readonly items: readonly BenchItem[];
  readonly persons: number;
  readonly visitDate: string;
  stop(): Promise<void>;
}

function readItems(configDir: string): BenchItem[] {
  const [header = '', ...lines] = readFileSync(join(configDir, 'catalogues/330421/2024-01-01.csv'), 'utf8')
    .trim()
    .split('\n');
  const columns = header.split(',');
  const [code, name] = [columns.indexOf('code'), columns.indexOf('name')];
  return lines
    .filter((line) => !line.includes('"'))
    .map((line) => line.split(','))
    .map((cells) => ({ code: cells[code] ?? '', name: cells[name] ?? '' }));
}

/** Starts everything: MariaDB with full durability, the population, and one `serve` process. */
export async function startBench(options: BenchOptions, log: (text: string) => void): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-'));
  const configDir = join(folder, 'config');
  const ids = benchInstitutionIds(options.institutions);
  writeBenchConfig(configDir, ids);
  const institutions = benchInstitutions(ids);
  const started = await startBenchDatabase();

  const database = await openDatabase({ url: started.mariadb.url, dataDir: folder });
  await database.migrate();
  const regions = ['310118', '320509', '330421'];
  await database.personStore.importPersons(
    regions.map((homeRegion) => samplePerson(`${homeRegion}3template`, { homeRegion })),
  );
  await database.keyStore.add(
    institutions.map(({ id, key }) => ({
      keyHash: createHash('sha256').update(key).digest('hex'),
      principal: { kind: 'institution', id },
    })),
  );
  await database.close();
  await loadPopulation(started.sql, options.persons, log);

  const service = await startBenchService(
    {
      CONFIG_DIR: configDir,
      DATA_DIR: folder,
      DATABASE_URL: `${started.mariadb.url}?socketPath=${started.mariadb.socketPath}`,
    },
    options.nodeArguments,
  );
  return {
    ...started,
    service,
    institutions,
    items: readItems(configDir),
    persons: options.persons,
    visitDate: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10),
    async stop() {
      await service.stop();
      await started.sql.end();
      await started.mariadb.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
