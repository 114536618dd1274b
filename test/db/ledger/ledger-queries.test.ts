import { expect, it } from 'vitest';
import { clearUpTo } from '../../../src/app/clearing/run-clearing.ts';
import { takeTrialBalance } from '../../../src/app/ledger/trial-balance.ts';
import type { StoredSettlement } from '../../../src/app/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { clearingPorts } from '../../support/clearing.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { needFor, samplePerson, sampleReversal, sampleSettlement, writing } from '../../support/settlement-samples.ts';

const clock = { now: () => Date.parse('2026-12-01T00:00:00+08:00') };

describeEachDatabase('the ledger', (open) => {
  async function settle(database: Database, make: (windowId: number) => readonly StoredSettlement[]) {
    return database.settlementStore.transact(needFor(['p1']), writing(make));
  }

  /** Three windows: two cleared, one open; bills at instants that do not keep to the windows. */
  async function begin() {
    const database = await open();
    await database.personStore.importPersons([samplePerson('p1')]);
    const made: StoredSettlement[] = [];
    const add = async (at: readonly number[]) => {
      made.push(
        ...(await settle(database, (windowId) => at.map((settledAtMs) => sampleSettlement({ windowId, settledAtMs })))),
      );
    };
    const clear = (date: string) => clearUpTo({ ...clearingPorts(database), regions: ['310118'], clock }, date);
    await add([100, 110, 120]);
    await clear(FIRST_DATE);
    await add([200, 115, 220]);
    await clear('2026-11-25');
    await add([300, 310]);
    made.push(
      ...(await settle(database, (windowId) => [
        sampleReversal({ ...made[0]!, row: { ...made[0]!.row, settledAtMs: 320 } }, windowId),
      ])),
    );
    return { database, made };
  }

  it('comes to the sum of all entries until any instant, from kept balances and open windows', async () => {
    const { database, made } = await begin();
    const ledger = database.ledgerQueries;
    for (const at of [99, 100, 114, 115, 120, 199, 200, 219, 220, 299, 305, 319, 320, undefined]) {
      const until = made.filter(({ row }) => at === undefined || row.settledAtMs <= at);
      const owed = until.reduce((sum, { row }) => sum + row.fundTotal + row.account, 0);
      const { accounts, books } = await takeTrialBalance(ledger, at, undefined);
      const amountOf = (name: string) => accounts.find(({ account }) => account === name)?.amount ?? 0;
      expect([at, amountOf('payable'), amountOf('dueTo'), amountOf('dueFrom')]).toEqual([
        at,
        0 - owed || 0,
        0 - owed || 0,
        owed,
      ]);
      for (const { debit, credit } of books) expect(debit + credit).toBe(0);
      const due = { book: '320509', account: 'dueTo', party: '310118' };
      expect(await ledger.balance(due, at)).toBe(0 - owed || 0);
      const account = until.reduce((sum, { row }) => sum + row.account, 0);
      expect(await ledger.balance({ book: '320509', account: 'personal' }, at)).toBe(account);
      expect(await ledger.balance({ book: '320509', account: 'personal', party: 'p1' }, at)).toBe(account);
    }
    const own = await takeTrialBalance(ledger, undefined, '310118');
    expect(new Set(own.accounts.map(({ book }) => book))).toEqual(new Set(['310118']));
  });

  it('traces every fen of an account to its entries, page by page', async () => {
    const { database, made } = await begin();
    const key = { book: '310118', account: 'payable', party: 'H31011800001' };
    for (const at of [undefined, 219]) {
      const entries = [];
      let after: string | undefined;
      let pages = 0;
      do {
        const page = await database.ledgerQueries.entries(key, at, after, 2);
        entries.push(...page.entries);
        after = page.next;
        pages += 1;
      } while (after !== undefined);
      expect(pages).toBeGreaterThan(2);
      const until = made.filter(({ row }) => at === undefined || row.settledAtMs <= at);
      expect(entries.map(({ entryId }) => entryId).sort()).toEqual(until.map(({ row }) => row.settlementId).sort());
      expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(await database.ledgerQueries.balance(key, at));
    }
    const { entries } = await database.ledgerQueries.entries(key, undefined, undefined, 100);
    const reversal = made.at(-1)!.row;
    expect(entries.find(({ kind }) => kind === 'reversal')).toEqual({
      entryId: reversal.settlementId,
      leg: 5,
      windowId: 3,
      atMs: 320,
      party: 'H31011800001',
      amount: 9_500,
      kind: 'reversal',
      subjectId: reversal.reverses,
      institutionId: reversal.institutionId,
      billNumber: reversal.billNumber,
      reason: undefined,
    });
  });

  it('knows nothing of accounts that nobody moved, and takes no cursor that it did not make', async () => {
    const { database } = await begin();
    const ledger = database.ledgerQueries;
    const nobody = { book: '310118', account: 'payable', party: '没有' };
    expect(await ledger.balance(nobody, undefined)).toBe(0);
    expect(await ledger.entries(nobody, undefined, undefined, 5)).toEqual({ entries: [], next: undefined });
    const key = { book: '310118', account: 'payable' };
    const first = await ledger.entries(key, undefined, undefined, 3);
    expect(await ledger.entries(key, undefined, "1.x.0.' OR 1", 3)).toEqual(first);
  });
});
