import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { CalendarStore, LifeQueries, LifeStore } from '../app/lifecycle/ports.ts';
import type {
  ClearingStore,
  KeyStore,
  LeaseStore,
  OutboxStore,
  PersonStore,
  RuleArchive,
  SettlementQueries,
  SettlementStore,
} from '../app/ports.ts';
import { createCalendarStore } from './calendar-store.ts';
import { createClearingStore } from './clearing-store.ts';
import { connectMysql, connectSqlite, ensureMysqlDatabase } from './connect.ts';
import { withOurErrors } from './driver-errors.ts';
import { createKeyStore } from './key-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { createLifeQueries } from './life-queries.ts';
import { createLifeStore } from './life-store.ts';
import { migrateUp } from './migrate.ts';
import { parseMysqlAddress } from './mysql-address.ts';
import { openMysqlSessions } from './mysql-sessions.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createPersonStore } from './person-store.ts';
import { openReconciliation, type Reconciliation } from './reconciliation/open-reconciliation.ts';
import { createRuleArchive } from './rule-archive.ts';
import { createSettlementQueries } from './settlement-queries.ts';
import { createMysqlSettlementStore } from './settlement-store-mysql.ts';
import { createSqliteSettlementStore } from './settlement-store-sqlite.ts';

/** Name of the SQLite file in the data directory. */
const SQLITE_FILE = 'tongjie.sqlite';
const CONNECTIONS = 4;

export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`; without it, an SQLite file in `dataDir`. */
  readonly url?: string | undefined;
  readonly dataDir: string;
  /** Connections of the write path on MariaDB: lanes of the coalescers together. */
  readonly connections?: number;
}

/** An open database: every port that is kept in it. */
export interface Database {
  readonly engine: 'sqlite' | 'mariadb';
  readonly settlementStore: SettlementStore;
  readonly settlementQueries: SettlementQueries;
  readonly personStore: PersonStore;
  readonly clearingStore: ClearingStore;
  readonly outboxStore: OutboxStore;
  readonly lifeStore: LifeStore;
  readonly lifeQueries: LifeQueries;
  readonly calendarStore: CalendarStore;
  readonly leaseStore: LeaseStore;
  readonly ruleArchive: RuleArchive;
  readonly keyStore: KeyStore;
  readonly reconciliation: Reconciliation;
  /** Brings the tables up to date; waits while another process does. */
  migrate(): Promise<void>;
  /** @throws AppError DATABASE_UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What both engines do through knex. */
function overKnex(knex: Knex) {
  return {
    settlementQueries: withOurErrors(createSettlementQueries(knex)),
    personStore: withOurErrors(createPersonStore(knex)),
    clearingStore: withOurErrors(createClearingStore(knex)),
    outboxStore: withOurErrors(createOutboxStore(knex)),
    lifeStore: withOurErrors(createLifeStore(knex)),
    calendarStore: withOurErrors(createCalendarStore(knex)),
    lifeQueries: withOurErrors(createLifeQueries(knex)),
    leaseStore: withOurErrors(createLeaseStore(knex)),
    ruleArchive: withOurErrors(createRuleArchive(knex)),
    keyStore: withOurErrors(createKeyStore(knex)),
    reconciliation: openReconciliation(knex),
    ...withOurErrors({
      migrate: () => migrateUp(knex),
      async ping() {
        await knex.raw('SELECT 1');
      },
    }),
  };
}

/**
 * Opens the database that the settings name, and makes it when it is not there and may be made; `migrate` makes the tables.
 *
 * @throws AppError INVALID_INPUT for a bad URL, DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function openDatabase({ url, dataDir, connections = CONNECTIONS }: DatabaseOptions): Promise<Database> {
  if (url === undefined) {
    await mkdir(dataDir, { recursive: true });
    const knex = connectSqlite(join(dataDir, SQLITE_FILE));
    return {
      engine: 'sqlite',
      settlementStore: createSqliteSettlementStore(knex),
      ...overKnex(knex),
      close: () => knex.destroy(),
    };
  }
  const address = parseMysqlAddress(url);
  await ensureMysqlDatabase(address);
  const knex = connectMysql(address);
  const sessions = openMysqlSessions(address, connections);
  return {
    engine: 'mariadb',
    settlementStore: createMysqlSettlementStore(sessions),
    ...overKnex(knex),
    async close() {
      await sessions.close();
      await knex.destroy();
    },
  };
}
