import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMysql, connectSqlite } from '../../src/db/engine/connect.ts';
import { enter } from '../../src/db/ledger/journal.ts';
import { migrateDown, migrateUp } from '../../src/db/engine/migrate.ts';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { issueWindow } from '../support/clearing.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { sampleCase, sampleEvent, sampleMaterial } from '../support/case-samples.ts';
import { FIRST_DATE, freshPlace, type Place } from '../support/databases.ts';
import { describeSchema, tableNames } from '../support/schema.ts';
import {
  needFor,
  samplePerson,
  sampleProvisional,
  sampleSettlement,
  writesFor,
} from '../support/settlement-samples.ts';

const FOLDER = resolve(import.meta.dirname, '../../migrations');

const OPEN_DATABASE = pathToFileURL(resolve(import.meta.dirname, '../../src/db/open-database.ts')).href;
const INSTALLER = `
  const { openDatabase } = await import(${JSON.stringify(OPEN_DATABASE)});
  const database = await openDatabase(JSON.parse(process.argv[1]));
  await database.migrate();
  await database.close();`;
const run = promisify(execFile);

function connect({ url, dataDir }: Place): Knex {
  return url === undefined ? connectSqlite(join(dataDir, 'tongjie.sqlite')) : connectMysql(parseMysqlAddress(url));
}

/** Rows of the life of statements after the night, as they lie. */
async function fillLife(knex: Knex): Promise<void> {
  const pair = { home_region: '320509', treatment_region: '310118' };
  const about = { ...pair, institution_id: 'H31011800001', scheme: 'employee' };
  const sums = { statements: 1, settlements: 1, owed_fen: 1, carried_fen: 0, deducted_fen: 0, disputed_fen: 0 };
  const record = { ...pair, ...sums, statements_hash: 'h', made_at_ms: 1 };
  const rows: Readonly<Record<string, object>> = {
    proposal: {
      proposal_id: 'p1',
      subject_kind: 'statement',
      subject_id: 'st1',
      act: 'confirm',
      desk: '320509',
      content: '{}',
      state: 'approved',
      made_by: 'wang',
      made_at_ms: 1,
      checked_by: 'li',
    },
    objection: {
      ...about,
      objection_id: 'o1',
      statement_id: 'st1',
      settlement_id: 's1',
      objected_fen: 2,
      deducted_fen: 1,
      held: 1,
      reason_code: 'amount',
      reason: '重复',
      state: 'open',
      opened_at_ms: 1,
    },
    clearing_adjustment: {
      ...about,
      window_id: 1,
      layer: 'pool',
      amount_fen: -1,
      subject_id: 'o1',
      kind: 'deduction',
    },
    payment_run: { run_id: '2026-11', statements: 1, items_hash: 'h', instructed_at_ms: 1, instructed_by: 'x' },
    payment: {
      payment_id: '2026-11-a-b',
      run_id: '2026-11',
      payer: 'a',
      payee: 'b',
      amount_fen: 1,
      state: 'paid',
      bank: '农业银行',
      bank_reference: 'r',
    },
    prefund: { ...pair, balance_fen: 1 },
    prefund_request: {
      ...pair,
      request_id: 'r1',
      kind: 'urgent',
      amount_fen: 1,
      state: 'requested',
      reason: '红',
      requested_at_ms: 1,
    },
    reconciliation_run: {
      run_id: 1,
      source: 'fund',
      party: '320509',
      region: '320509',
      window_id: 1,
      business_date: FIRST_DATE,
      form: 'csv',
      file_name: '对账.csv',
      sha256: 'h',
      state: 'matched',
      bytes_done: 1,
      file_bytes: 1,
      line_count: 1,
      difference_count: 1,
      sent_by: 'wang',
      started_at_ms: 1,
      touched_at_ms: 1,
    },
    reconciliation_line: {
      run_id: 1,
      settlement_id: 's1',
      line_no: 2,
      refund: 0,
      visit_id: 'b1',
      person_id: 'p1',
      total_fen: 2,
      fund_total_fen: 1,
      account_fen: 0,
    },
    reconciliation_unmatched: { run_id: 1, settlement_id: 's1' },
    reconciliation_difference: {
      run_id: 1,
      difference_no: 1,
      class: 'amount',
      action: 'adjust',
      adjust_by_fen: -1,
      refund: 0,
      state: 'open',
    },
    monthly_notice: { ...record, month: '2026-11', late_items: 0 },
    yearly_liquidation: { ...record, for_year: 2026, paid_fen: 0, prefund_fen: 0 },
  };
  for (const [table, row] of Object.entries(rows)) await knex(table).insert(row);
}

/** A row of the journal, of which no port writes alone. */
async function fillJournal(place: Place): Promise<void> {
  const knex = connect(place);
  try {
    const reason = 'objection upheld';
    const about = { entryId: 'j1', subjectId: 's1', enteredAtMs: 1, enteredBy: 'wang', reason };
    const leg = { book: '310118', party: '320509' };
    const postings = [
      { ...leg, account: 'dueFrom', amount: -1 } as const,
      { ...leg, account: 'payable', amount: 1 } as const,
    ];
    await knex.transaction((transaction) => enter(transaction, { ...about, kind: 'deduction', postings }));
    await fillLife(knex);
  } finally {
    await knex.destroy();
  }
}

/** A case with all that hangs on it. */
async function fillCases({ caseStore }: Database): Promise<void> {
  const record = sampleCase();
  await caseStore.create(record, sampleEvent(record));
  const next = { ...record, version: 2 };
  const { caseId } = record;
  const material = sampleMaterial({ caseId });
  const verify = { itemId: 'card', verifiedBy: 'wang', verifiedRegion: '320509', verifiedAtMs: 1 };
  await caseStore.change({ record: next, event: sampleEvent(next), material, verify });
  const { materialId } = material;
  await caseStore.recordLook({
    lookId: 'l1',
    materialId,
    seenBy: 'wang',
    seenRegion: '320509',
    seenAtMs: 1,
    why: '看',
  });
  await caseStore.remind(record.dueDate!);
  await caseStore.keepCounts();
}

/** Two messages of which one failed, and a breaker that opened. */
async function fillPartners({ outboxStore, partnerStates }: Database): Promise<void> {
  const message = await outboxStore.due('320509', 0, 9);
  const failure = { reason: '超时', atMs: 1, nextAttemptAtMs: 2, isStrike: false, isDead: true };
  await outboxStore.failed(message.slice(0, 1), failure);
  const counts = { fires: 2, failures: 1, timeouts: 1, rejects: 0 };
  const lastError = { code: 'PARTNER_TIMEOUT', message: '超时', atMs: 1 };
  const state = {
    partner: '320509',
    operation: 'messages',
    position: 'open',
    sinceMs: 1,
    ...counts,
    lastError,
  } as const;
  await partnerStates.report('p1', [state], 1);
}

/** Rows of what home funds feed. */
async function fillCopy({ copyStore, feedStore, importStore }: Database): Promise<void> {
  const change = { accumulators: [], accounts: { current: 1, carried: 0 } };
  const event = { eventId: 'e1', personId: 'p1', sequence: 2, change, occurredAtMs: 1, contentHash: 'h' };
  const need = { personIds: ['p1'], makes: true, facts: false, eventIds: [], sequences: [], since: new Map() };
  await copyStore.feed({ ...need, region: '320509' }, () => ({
    writes: {
      persons: [],
      accounts: [],
      accumulators: [],
      positions: [{ personId: 'p1', sequence: 1 }],
      events: [{ event: { ...event, state: 'waiting', reason: undefined }, receivedAtMs: 2 }],
    },
    result: undefined,
  }));
  await feedStore.moved({ ...(await feedStore.position('320509', 'persons')), position: '7', refused: 1 });
  await importStore.add('i', [{ personId: 'p1', file: 'persons', line: 2, content: '[]' }]);
}

/** A row in every table that a migration made. */
async function fill(place: Place): Promise<void> {
  const database = await openDatabase(place);
  const { clearingStore, personStore, settlementStore } = database;
  await clearingStore.openFirstWindow(FIRST_DATE, 1);
  await personStore.importPersons([samplePerson('p1')]);
  const writes = writesFor([sampleSettlement(), sampleSettlement()], {
    accumulators: [{ personId: 'p1', bucket: '2026-01-01', amounts: { poolPaid: 1 } }],
    accounts: [{ personId: 'p1', current: 1, carried: 2 }],
    provisionals: [sampleProvisional()],
  });
  await settlementStore.transact(needFor(['p1']), () => ({ writes, result: undefined }));
  await clearingStore.closeWindow(FIRST_DATE, '2026-11-25', 2);
  const pair = { homeRegion: '320509', treatmentRegion: '310118', settlements: 1 };
  const { row } = sampleSettlement();
  const { institutionId } = row;
  const sums = {
    gross: [{ ...pair, institutionId, scheme: 'employee', layer: 'pool', amount: 1 } as const],
    statements: [{ ...pair, statementId: 'st1', windowId: 1, owed: 1, itemsHash: 'h' }],
    institutions: [{ ...pair, institutionId, windowId: 1, owed: 1, itemsHash: 'h' }],
    balances: [{ book: '310118', account: 'payable', party: institutionId, amount: 1 } as const],
  };
  await issueWindow(database, 1, sums, [{ windowId: 1, region: '310118', receivable: 1, payable: 0, net: 1 }], [], 3);
  await fillPartners(database);
  await database.leaseStore.acquire('clearing', 'a', 0, 1);
  await database.jobRunStore.begin({ runId: 'r1', name: 'clearing', holder: 'a', token: 1, startedAtMs: 1 });
  await database.ruleArchive.keep([{ hash: 'h', kind: 'policy', region: '310118', content: '规则' }]);
  await database.keyStore.add([{ keyHash: 'k', principal: { kind: 'fund', id: '310118' } }]);
  await fillCases(database);
  await fillCopy(database);
  await database.close();
  await fillJournal(place);
}

describe.each(['sqlite', 'mariadb'] as const)('migrations on %s', (engine) => {
  let place: Awaited<ReturnType<typeof freshPlace>>;
  let knex: Knex;

  beforeAll(async () => {
    place = await freshPlace(engine);
    knex = connect(place);
  });

  afterAll(async () => {
    await knex.destroy();
    place.remove();
  });

  it('make the schema that is on record', async () => {
    await migrateUp(knex);
    await expect(await describeSchema(knex)).toMatchFileSnapshot(`./schema-${engine}.txt`);
  });

  it('go down and up again with rows in every table', async () => {
    // On SQLite a second opener in this process would be a second connection; the first one is idle meanwhile.
    await fill(place);
    const own = (await tableNames(knex)).filter((table) => !table.startsWith('knex_'));
    for (const table of own) {
      expect({ table, rows: Number((await knex(table).count({ n: '*' }))[0]!.n) > 0 }).toEqual({ table, rows: true });
    }
    await migrateDown(knex);
    expect((await tableNames(knex)).filter((table) => !table.startsWith('knex_'))).toEqual([]);
    await migrateUp(knex);
    await expect(await describeSchema(knex)).toMatchFileSnapshot(`./schema-${engine}.txt`);
  });

  it('can each be run again after dying half-way, up and down', async () => {
    const files = readdirSync(FOLDER).sort();
    const migrations = await Promise.all(
      files.map(async (file) => (await import(pathToFileURL(join(FOLDER, file)).href)) as Knex.Migration),
    );
    for (const { up } of migrations) await up(knex);
    await expect(await describeSchema(knex)).toMatchFileSnapshot(`./schema-${engine}.txt`);
    for (const { down } of [...migrations].reverse()) {
      await down!(knex);
      await down!(knex);
    }
    for (const { up } of migrations) await up(knex);
    await expect(await describeSchema(knex)).toMatchFileSnapshot(`./schema-${engine}.txt`);
  });

  it('can be run by several processes at once', async () => {
    const other = await freshPlace(engine);
    const { url, dataDir } = other;
    await Promise.all(
      [1, 2, 3].map(() =>
        run(process.execPath, ['--input-type=module', '-e', INSTALLER, JSON.stringify({ url, dataDir })]),
      ),
    );
    const installed = connect(other);
    expect(await installed('knex_migrations').count({ n: '*' })).toEqual([{ n: readdirSync(FOLDER).length }]);
    await expect(await describeSchema(installed)).toMatchFileSnapshot(`./schema-${engine}.txt`);
    await installed.destroy();
    other.remove();
  });

  if (engine === 'mariadb') {
    // On SQLite the lock row is set and reset in one transaction, so that nobody can leave it behind.
    it('go on where a process died with the lock', async () => {
      await knex('knex_migrations_lock').update({ is_locked: 1 });
      await expect(migrateUp(knex)).resolves.toBeUndefined();
    });
  }

  it('refuse rows that break an identity, whoever writes them', async () => {
    await fill(place);
    const constraints = {
      settlement: ['total_fen', 'pool_fen', 'fund_total_fen', 'person_total_fen', 'cash_fen', 'account_fen'],
      clearing_net: ['net_fen', 'payable_fen'],
      casework_case: ['granted_fen', 'pool_fen'],
    };
    for (const [table, columns] of Object.entries(constraints)) {
      for (const column of columns) {
        await expect(knex(table).update({ [column]: knex.raw(`${column} + 1`) })).rejects.toThrow(/CONSTRAINT|CHECK/);
      }
    }
    await expect(knex('settlement').update({ attempt: 0 })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('account').update({ current_fen: -1 })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('account').update({ carried_fen: -1 })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('objection').update({ deducted_fen: 3 })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('proposal').update({ checked_by: 'wang' })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('payment').update({ bank_reference: null })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('clearing_statement').update({ state: 'perhaps' })).rejects.toThrow(/CONSTRAINT|CHECK/);
    await expect(knex('open_window').insert({ id: 2, window_id: 1 })).rejects.toThrow(/CONSTRAINT|CHECK/);
  });
});
