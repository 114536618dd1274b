import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, inject } from 'vitest';
import { openDatabase, type Database, type DatabaseOptions } from '../../src/db/open-database.ts';
import { createDatabase } from './private-mariadb.ts';

/** Where a fresh, empty database is, for openDatabase; not migrated. */
export type Place = Pick<DatabaseOptions, 'url' | 'dataDir'>;

/** Opens a fresh database with all tables and, unless told otherwise, its first window open; closed after the block. */
export type OpenFresh = (options?: { connections?: number }) => Promise<Database>;

/** The first business day of every fresh database. */
export const FIRST_DATE = '2026-11-24';

const ENGINES = ['sqlite', 'mariadb'] as const;

let databases = 0;

/** A fresh place on an engine: a temporary folder, or an empty database of its own on this run's server. */
export async function freshPlace(engine: Database['engine']): Promise<Place & { remove: () => void }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-db-'));
  const remove = (): void => {
    rmSync(dataDir, { recursive: true, force: true });
  };
  if (engine === 'sqlite') return { dataDir, remove };
  databases += 1;
  // Test files run side by side in processes of their own, on one server.
  const url = await createDatabase(inject('mariadbUrl'), `test_${process.pid}_${databases}`);
  return { url, dataDir, remove };
}

/** Runs the same tests on every engine; what `open` opened is closed and removed at the end of the block. */
export function describeEachDatabase(name: string, tests: (open: OpenFresh, engine: Database['engine']) => void): void {
  describe.each(ENGINES)(`${name} on %s`, (engine) => {
    const endings: (() => Promise<void>)[] = [];
    tests(async (options = {}) => {
      const place = await freshPlace(engine);
      const database = await openDatabase({ ...place, ...options });
      endings.push(async () => {
        await database.close();
        place.remove();
      });
      await database.migrate();
      await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
      return database;
    }, engine);
    afterAll(async () => {
      for (const end of endings) await end();
    });
  });
}
