import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { AppError } from '../../platform/errors.ts';
import { rowsOf } from './raw-rows.ts';
import { isMysql } from './is-mysql.ts';

const FOLDER = resolve(import.meta.dirname, '../../../migrations');
const FILE = /^\d{14}_[a-z0-9-]+\.ts$/;
// A lock belongs to the whole server, and its name has no more than 64 characters.
const LOCK_NAME = "CONCAT('migrate.', MD5(DATABASE()))";
const LOCK_WAIT_S = 60;

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

/**
 * Brings the database up to the newest migration; several processes may start at once, and one does it while the others
 * wait.
 *
 * @throws AppError MIGRATION_LOCKED when another process is at it for longer than anyone should
 */
export async function migrateUp(knex: Knex): Promise<void> {
  await (isMysql(knex) ? migrateMysql(knex) : migrateSqlite(knex));
}

/** All in one transaction, which SQLite lets only one process write at a time. */
function migrateSqlite(knex: Knex): Promise<void> {
  return knex.transaction(async (transaction) => {
    // A write, so that reading what is done already happens under the lock too.
    await transaction.raw('PRAGMA user_version = 1');
    await transaction.migrate.latest({ migrationSource: source });
  });
}

/**
 * knex's own lock is a row that outlives whoever died with it. The server's lock dies with its session; who holds it
 * knows that nobody else is migrating through this server, and that a lock row is a dead one's.
 */
function migrateMysql(knex: Knex): Promise<void> {
  return knex.transaction(async (session) => {
    const [lock] = await rowsOf<{ taken: number | null }>(
      session,
      `SELECT GET_LOCK(${LOCK_NAME}, ${LOCK_WAIT_S}) AS taken`,
    );
    if (lock?.taken !== 1) {
      throw new AppError('MIGRATION_LOCKED', 'another process has been migrating the database for too long', {
        status: 503,
        retryable: true,
        help: 'look at what that process waits for',
      });
    }
    try {
      await knex.migrate.forceFreeMigrationsLock({ migrationSource: source });
      await knex.migrate.latest({ migrationSource: source });
    } finally {
      await session.raw(`DO RELEASE_LOCK(${LOCK_NAME})`);
    }
  });
}

/** Takes all migrations back, newest first, with everything that is in their tables. */
export async function migrateDown(knex: Knex): Promise<void> {
  await knex.migrate.rollback({ migrationSource: source }, true);
}
