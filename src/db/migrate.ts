import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { AppError } from '../platform/errors.ts';

const FOLDER = resolve(import.meta.dirname, '../../migrations');
const FILE = /^\d{14}_[a-z0-9-]+\.ts$/;
const WAIT_MS = 250;
const WAITS_MAX = 120;

/** The files of migrations/, in the order of their time stamps. */
const source: Knex.MigrationSource<string> = {
  async getMigrations() {
    const files = await readdir(FOLDER);
    return files.filter((file) => FILE.test(file)).sort();
  },
  getMigrationName: (file) => file.replace(/\.ts$/, ''),
  async getMigration(file) {
    return (await import(pathToFileURL(join(FOLDER, file)).href)) as Knex.Migration;
  },
};

/** Several processes may start at once: all but one find the lock taken, or a table there that was not a moment ago. */
function isAnotherInstaller(error: unknown): boolean {
  const text = error instanceof Error ? `${error.name} ${error.message}` : '';
  return /MigrationLocked|already exists|already locked/i.test(text);
}

/**
 * Brings the database up to the newest migration; waits while another process does.
 *
 * @throws AppError MIGRATION_LOCKED when a process that held the lock died with it
 */
export async function migrateUp(knex: Knex): Promise<void> {
  for (let wait = 1; ; wait++) {
    try {
      await knex.migrate.latest({ migrationSource: source });
      return;
    } catch (error) {
      if (!isAnotherInstaller(error)) throw error;
      if (wait === WAITS_MAX) {
        throw new AppError('MIGRATION_LOCKED', 'another process has been migrating the database for too long', {
          status: 503,
          retryable: true,
          help: 'when no other process is migrating, one died at it: set is_locked to 0 in knex_migrations_lock',
          cause: error,
        });
      }
      await sleep(WAIT_MS);
    }
  }
}

/** Takes all migrations back, newest first, with everything that is in their tables. */
export async function migrateDown(knex: Knex): Promise<void> {
  await knex.migrate.rollback({ migrationSource: source }, true);
}
