import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { CalendarStore, LifeQueries, LifeStore } from '../app/lifecycle/ports.ts';
import type { ClearingSteps, ClearingStore, WindowReader } from '../app/clearing/ports.ts';
import type { JobRunStore } from '../app/jobs/ports.ts';
import type { LedgerQueries } from '../app/ledger/ports.ts';
import type { OutboxStore } from '../app/outbox/ports.ts';
import type { PartnerStates } from '../app/partners/ports.ts';
import type { ProvisionalStore } from '../app/standin/ports.ts';
import type { CopyStore, FeedStore, ImportStore } from '../app/funds/ports.ts';
import type {
  KeyStore,
  LeaseStore,
  PersonStore,
  RuleArchive,
  SettlementQueries,
  SettlementStore,
} from '../app/ports.ts';
import { createCalendarStore } from './lifecycle/calendar-store.ts';
import { createClearingSteps } from './clearing/clearing-steps.ts';
import type { CaseStore, MaterialFiles } from '../app/casework/ports.ts';
import { createCaseStore } from './casework/case-store.ts';
import { createClearingStore } from './clearing/clearing-store.ts';
import { connectMysql, connectSqlite, ensureMysqlDatabase } from './engine/connect.ts';
import { withOurErrors } from './engine/driver-errors.ts';
import { createJobRunStore } from './jobs/job-run-store.ts';
import { createCopyStore } from './funds/copy-store.ts';
import { createFeedStore, createImportStore } from './funds/feed-store.ts';
import { createKeyStore } from './key-store.ts';
import { createLeaseStore } from './jobs/lease-store.ts';
import { createLifeQueries } from './lifecycle/life-queries.ts';
import { createLifeStore } from './lifecycle/life-store.ts';
import { createLedgerQueries } from './ledger/ledger-queries.ts';
import { createMaterialFiles } from './casework/material-files.ts';
import { migrateUp } from './engine/migrate.ts';
import { parseMysqlAddress } from './engine/mysql-address.ts';
import { openMysqlSessions } from './engine/mysql-sessions.ts';
import { createOutboxStore } from './partners/outbox-store.ts';
import { createPartnerStates } from './partners/partner-states.ts';
import { createProvisionalStore } from './partners/provisional-store.ts';
import { createPersonStore } from './funds/person-store.ts';
import { openReconciliation, type Reconciliation } from './reconciliation/open-reconciliation.ts';
import { createRuleArchive } from './rule-archive.ts';
import { createSettlementQueries } from './settlement/settlement-queries.ts';
import { createMysqlSettlementStore } from './settlement/settlement-store-mysql.ts';
import { createSqliteSettlementStore } from './settlement/settlement-store-sqlite.ts';
import { createWindowReader } from './clearing/window-reader.ts';

/** Name of the SQLite file in the data directory. */
const SQLITE_FILE = 'tongjie.sqlite';
/** Folder of materials in the data directory. */
const MATERIALS_FOLDER = 'materials';
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
  readonly clearingSteps: ClearingSteps;
  readonly windowReader: WindowReader;
  readonly ledgerQueries: LedgerQueries;
  readonly jobRunStore: JobRunStore;
  readonly outboxStore: OutboxStore;
  readonly lifeStore: LifeStore;
  readonly lifeQueries: LifeQueries;
  readonly calendarStore: CalendarStore;
  readonly partnerStates: PartnerStates;
  readonly provisionalStore: ProvisionalStore;
  readonly leaseStore: LeaseStore;
  readonly ruleArchive: RuleArchive;
  readonly keyStore: KeyStore;
  readonly reconciliation: Reconciliation;
  readonly caseStore: CaseStore;
  /** Beside the database, in the data directory. */
  readonly materialFiles: MaterialFiles;
  readonly copyStore: CopyStore;
  readonly feedStore: FeedStore;
  readonly importStore: ImportStore;
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
    clearingSteps: withOurErrors(createClearingSteps(knex)),
    windowReader: createWindowReader(knex),
    ledgerQueries: withOurErrors(createLedgerQueries(knex)),
    jobRunStore: withOurErrors(createJobRunStore(knex)),
    outboxStore: withOurErrors(createOutboxStore(knex)),
    lifeStore: withOurErrors(createLifeStore(knex)),
    calendarStore: withOurErrors(createCalendarStore(knex)),
    lifeQueries: withOurErrors(createLifeQueries(knex)),
    provisionalStore: withOurErrors(createProvisionalStore(knex)),
    partnerStates: withOurErrors(createPartnerStates(knex)),
    leaseStore: withOurErrors(createLeaseStore(knex)),
    ruleArchive: withOurErrors(createRuleArchive(knex)),
    keyStore: withOurErrors(createKeyStore(knex)),
    reconciliation: openReconciliation(knex),
    caseStore: withOurErrors(createCaseStore(knex)),
    copyStore: withOurErrors(createCopyStore(knex)),
    feedStore: withOurErrors(createFeedStore(knex)),
    importStore: withOurErrors(createImportStore(knex)),
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
  const materialFiles = createMaterialFiles(join(dataDir, MATERIALS_FOLDER));
  if (url === undefined) {
    await mkdir(dataDir, { recursive: true });
    const knex = connectSqlite(join(dataDir, SQLITE_FILE));
    return {
      engine: 'sqlite',
      settlementStore: createSqliteSettlementStore(knex),
      ...overKnex(knex),
      materialFiles,
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
    materialFiles,
    async close() {
      await sessions.close();
      await knex.destroy();
    },
  };
}
