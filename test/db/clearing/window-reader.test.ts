import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sumWindow } from '../../../src/app/clearing/sum-window.ts';
import { deductionPostings } from '../../../src/core/lifecycle/adjustments.ts';
import { connectMysql, connectSqlite } from '../../../src/db/engine/connect.ts';
import { enter } from '../../../src/db/ledger/journal.ts';
import { adjustmentRow } from '../../../src/db/lifecycle/life-rows.ts';
import { parseMysqlAddress } from '../../../src/db/engine/mysql-address.ts';
import { openDatabase, type Database } from '../../../src/db/open-database.ts';
import { FIRST_DATE, freshPlace } from '../../support/databases.ts';
import { needFor, samplePerson, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

const BILLS = 12;

/** Ways to spoil what lies in the tables, and what is said of it. `ID` stands for a settlement of the window. */
const SPOILT: Readonly<Record<string, { sql: string; said: string }>> = {
  'a posting that is gone': {
    sql: "DELETE FROM posting WHERE entry_id = 'ID' AND leg = 0",
    said: 'the postings of ID',
  },
  'all postings of a settlement that are gone': { sql: "DELETE FROM posting WHERE entry_id = 'ID'", said: 'ID' },
  'a fen too much in one posting': {
    sql: "UPDATE posting SET amount_fen = amount_fen + 1 WHERE entry_id = 'ID' AND leg = 0",
    said: 'the postings of ID',
  },
  'a fen too much on both sides of a book': {
    sql: "UPDATE posting SET amount_fen = amount_fen + CASE WHEN amount_fen > 0 THEN 1 ELSE -1 END WHERE entry_id = 'ID' AND account IN ('dueFrom', 'payable')",
    said: 'the postings of ID',
  },
  'a posting in another account': {
    sql: "UPDATE posting SET account = 'expense.largeCost' WHERE entry_id = 'ID' AND account = 'expense.pool'",
    said: 'expense.largeCost',
  },
  'a posting for another institution': {
    sql: "UPDATE posting SET party = 'H0' WHERE entry_id = 'ID' AND account = 'payable'",
    said: 'payable H0',
  },
  'a posting in another book': {
    sql: "UPDATE posting SET book = '330421' WHERE entry_id = 'ID' AND account = 'payable'",
    said: 'the postings of ID',
  },
  'a posting in another window': {
    sql: "UPDATE posting SET window_id = 9 WHERE entry_id = 'ID' AND leg = 1",
    said: 'the postings of ID',
  },
  'two settlements that lent each other a fen': {
    sql: "UPDATE posting SET amount_fen = amount_fen + CASE WHEN entry_id = 'ID' THEN 1 ELSE -1 END WHERE entry_id IN ('ID', 'OTHER') AND account = 'payable'",
    said: 'the postings of ID',
  },
  'a document that is gone': {
    sql: "DELETE FROM settlement_document WHERE settlement_id = 'ID'",
    said: 'the document of ID',
  },
};

describe.each(['sqlite', 'mariadb'] as const)('a window on %s', (engine) => {
  let place: Awaited<ReturnType<typeof freshPlace>>;
  let database: Database;
  let knex: Knex;
  let windows = 0;

  beforeAll(async () => {
    place = await freshPlace(engine);
    database = await openDatabase(place);
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    await database.personStore.importPersons([samplePerson('p1')]);
    const { url, dataDir } = place;
    knex = url === undefined ? connectSqlite(join(dataDir, 'tongjie.sqlite')) : connectMysql(parseMysqlAddress(url));
  });

  afterAll(async () => {
    await knex.destroy();
    await database.close();
    place.remove();
  });

  /** Settlements in a window that no other test uses. */
  async function fill(): Promise<{ windowId: number; ids: string[] }> {
    windows += 10;
    const windowId = windows;
    const settlements = Array.from({ length: BILLS }, () => sampleSettlement({ windowId }));
    await database.settlementStore.transact(needFor(['p1']), () => ({ writes: writesFor(settlements), result: 0 }));
    return { windowId, ids: settlements.map(({ row }) => row.settlementId) };
  }

  it('that nobody touched adds up, whatever other windows have between its ids', async () => {
    const { windowId, ids } = await fill();
    // Ids of another window before, between and after: another process's clock was wrong.
    const others = ['s', ids[3]!, ids[7]!, ids.at(-1)!].map((id, index) =>
      sampleSettlement({ windowId: 5, settlementId: `${id}-${index}`, billNumber: `other-${windowId}-${index}` }),
    );
    await database.settlementStore.transact(needFor(['p1']), () => ({ writes: writesFor(others), result: 0 }));
    const sums = await sumWindow(database.windowReader, windowId, {});
    expect(sums).toMatchObject({ settlements: BILLS, statements: [{ settlements: BILLS, owed: BILLS * 9_500 }] });
    expect(sums.balances.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
    const payable = sums.balances.find(({ account }) => account === 'payable');
    expect(payable).toEqual({ book: '310118', account: 'payable', party: 'H31011800001', amount: -BILLS * 9_500 });
  });

  it('that is empty comes to nothing', async () => {
    const sums = await sumWindow(database.windowReader, 999, {});
    expect(sums).toEqual({
      settlements: 0,
      gross: [],
      statements: [],
      institutions: [],
      balances: [],
      firstAtMs: undefined,
      lastAtMs: undefined,
    });
  });

  it.each(Object.keys(SPOILT))('with %s does not add up', async (what) => {
    const { windowId, ids } = await fill();
    await sumWindow(database.windowReader, windowId, {});
    const { sql, said } = SPOILT[what]!;
    const named = (text: string): string => text.replaceAll('ID', ids[4]!).replaceAll('OTHER', ids[5]!);
    await knex.raw(named(sql));
    const failure = await sumWindow(database.windowReader, windowId, {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'WINDOW_DISAGREES', extra: { windowId } });
    const { wrong } = (failure as { extra: { wrong: string[] } }).extra;
    expect(wrong.join('\n')).toContain(named(said));
  });

  it.runIf(engine === 'mariadb')('is not added up posting by posting where marks agree', async () => {
    const { windowId, ids } = await fill();
    await knex('open_window').update({ window_id: windowId });
    const leg = { book: '310118', account: 'payable', party: 'H31011800001' } as const;
    const postings = [{ ...leg, amount: -300 }, { ...leg, account: 'dueFrom', party: '320509', amount: 300 } as const];
    const about = { subjectId: 's1', enteredAtMs: 7, enteredBy: 'wang', reason: 'objection upheld' };
    for (const entryId of [`${ids[2]!}-j`, `j-${windowId}`, `${ids.at(-1)!}-j`]) {
      await knex.transaction((transaction) => enter(transaction, { ...about, entryId, kind: 'case', postings }));
    }
    await knex('open_window').update({ window_id: 1 });
    const booked = () => {
      throw new Error('added up');
    };
    const reader = { ...database.windowReader, booked };
    expect(await sumWindow(reader, windowId, {})).toMatchObject({ settlements: BILLS });
    await knex.raw(`UPDATE posting SET amount_fen = amount_fen + 1 WHERE entry_id = '${ids[4]!}' AND leg = 0`);
    await expect(sumWindow(reader, windowId, {})).rejects.toThrow('added up');
  });

  it('counts what the journal entered, but not as bills', async () => {
    const { windowId, ids } = await fill();
    await knex('open_window').update({ window_id: windowId });
    for (const entryId of [`${ids[2]!}-j`, `j-${windowId}`]) {
      const leg = { book: '310118', party: '320509' };
      const postings = [
        { ...leg, account: 'dueFrom', amount: -300 } as const,
        { ...leg, account: 'payable', party: 'H31011800001', amount: 300 } as const,
      ];
      const about = { entryId, subjectId: 's1', enteredAtMs: 7, enteredBy: 'wang', reason: 'objection upheld' };
      await knex.transaction((transaction) => enter(transaction, { ...about, kind: 'case', postings }));
    }
    await knex('open_window').update({ window_id: 1 });
    const sums = await sumWindow(database.windowReader, windowId, {});
    const payable = sums.balances.find(({ account }) => account === 'payable');
    expect(payable?.amount).toBe(-BILLS * 9_500 + 600);
    expect(sums.statements).toMatchObject([{ owed: BILLS * 9_500 }]);
    expect(sums.firstAtMs).toBe(7);
    await knex.raw(`UPDATE posting SET amount_fen = amount_fen + 1 WHERE entry_id = 'j-${windowId}' AND leg = 0`);
    await expect(sumWindow(database.windowReader, windowId, {})).rejects.toMatchObject({ code: 'WINDOW_DISAGREES' });
  });

  it('does not add up when its lines from earlier windows are not what the journal entered', async () => {
    const { windowId } = await fill();
    const pair = { homeRegion: '320509', treatmentRegion: '310118', institutionId: 'H31011800001' };
    const line = { windowId, ...pair, scheme: 'employee', subjectId: `o-${windowId}` } as const;
    const carried = { ...line, layer: 'pool', amount: 300, kind: 'carried' } as const;
    const deduction = { ...line, layer: 'pool', amount: -300, kind: 'deduction' } as const;
    await knex('clearing_adjustment').insert([adjustmentRow(carried), adjustmentRow(deduction)]);
    const failure = await sumWindow(database.windowReader, windowId, {}).catch((error: unknown) => error);
    const wrong = (failure as { extra: { wrong: string[] } }).extra.wrong;
    expect(wrong).toContain('310118 payable H31011800001: 3.00 expected, 0.00 found');
    await knex('open_window').update({ window_id: windowId });
    const postings = deductionPostings(pair, new Map([['pool', 300]]), -1);
    const about = { entryId: `d-${windowId}`, subjectId: 's1', enteredAtMs: 7, enteredBy: 'wang', reason: 'upheld' };
    await knex.transaction((transaction) => enter(transaction, { ...about, kind: 'deduction', postings }));
    await knex('open_window').update({ window_id: 1 });
    const sums = await sumWindow(database.windowReader, windowId, {});
    expect(sums.statements).toMatchObject([{ owed: BILLS * 9_500 }]);
  });
});
