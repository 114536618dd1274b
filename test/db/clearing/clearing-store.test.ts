import { beforeAll, describe, expect, it } from 'vitest';
import type { GrossItem, NetPosition } from '../../../src/app/clearing/ports.ts';
import type { OutboxMessage, StoredSettlement } from '../../../src/app/ports.ts';
import { InvariantViolation } from '../../../src/core/invariant.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { grossIn, issueWindow, NOTHING } from '../../support/clearing.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { needFor, sampleReversal, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

const NEXT_DATE = '2026-11-25';

/** The gross again, added up one by one. */
function grossOf(settlements: readonly StoredSettlement[]): GrossItem[] {
  const items = new Map<string, GrossItem>();
  for (const { row } of settlements) {
    const { homeRegion, treatmentRegion, institutionId, scheme } = row;
    for (const [layer, amount] of Object.entries({ ...row.funds, account: row.account })) {
      if (amount === 0) continue;
      const key = [homeRegion, treatmentRegion, institutionId, scheme, layer].join(' ');
      const known = items.get(key) ?? { settlements: 0, amount: 0 };
      items.set(key, {
        homeRegion,
        treatmentRegion,
        institutionId,
        scheme,
        layer: layer as GrossItem['layer'],
        settlements: known.settlements + 1,
        amount: known.amount + amount,
      });
    }
  }
  return sortedBy(items.values());
}

function sortedBy(items: Iterable<GrossItem>): GrossItem[] {
  return [...items].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

describeEachDatabase('ClearingStore', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
  });

  async function store(settlements: readonly StoredSettlement[]): Promise<readonly StoredSettlement[]> {
    await database.settlementStore.transact(needFor([]), () => ({ writes: writesFor(settlements), result: 0 }));
    return settlements;
  }

  describe('windows', () => {
    it('begin with the first, once', async () => {
      const { clearingStore } = await open();
      await clearingStore.openFirstWindow('2030-01-01', 99);
      const first = { windowId: 1, businessDate: FIRST_DATE, state: 'open', openedAtMs: 0 };
      expect(await clearingStore.openWindow()).toMatchObject(first);
      expect(await clearingStore.windows(5)).toHaveLength(1);
    });

    it('close once, open the next, and can be empty', async () => {
      const { clearingStore } = await open();
      await clearingStore.closeWindow('2026-11-20', NEXT_DATE, 5);
      expect((await clearingStore.openWindow()).windowId).toBe(1);
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10);
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 20);
      await clearingStore.openFirstWindow('2030-01-01', 99);
      const closed = {
        windowId: 1,
        businessDate: FIRST_DATE,
        state: 'closed',
        openedAtMs: 0,
        closedAtMs: 10,
        issuedAtMs: undefined,
      };
      const next = {
        windowId: 2,
        businessDate: NEXT_DATE,
        state: 'open',
        openedAtMs: 10,
        closedAtMs: undefined,
        issuedAtMs: undefined,
      };
      expect(await clearingStore.windows(5)).toEqual([next, closed]);
      expect(await clearingStore.window(1)).toEqual(closed);
      expect(await clearingStore.window(3)).toBeUndefined();
      expect(await clearingStore.openWindow()).toEqual(next);
      expect(await clearingStore.closedWindows()).toEqual([closed]);
    });

    it('closed by many runners at once close once', async () => {
      const { clearingStore } = await open();
      await Promise.all([1, 2, 3, 4].map((at) => clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, at)));
      expect((await clearingStore.windows(9)).map(({ windowId }) => windowId)).toEqual([2, 1]);
    });
  });

  it('sums the gross of a window exactly, reversals as negatives', async () => {
    const funds = { pool: 999_999_999_999, largeCost: 1, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
    const fundTotal = 1_000_000_000_000;
    const parts = { total: fundTotal, fullSelfPay: 0, overLimit: 0, firstSelfPay: 0, eligible: fundTotal };
    const large = { ...parts, funds, fundTotal, personTotal: 0, account: 0, cash: 0 };
    const settlements = [
      ...Array.from({ length: 50 }, (_, index) =>
        sampleSettlement({
          homeRegion: ['310118', '320509', '330421'][index % 3]!,
          treatmentRegion: ['310118', '330421'][index % 2]!,
          institutionId: `H${index % 5}`,
          scheme: index % 4 === 0 ? 'resident' : 'employee',
        }),
      ),
      ...Array.from({ length: 40 }, () => sampleSettlement({ ...large, institutionId: 'H9' })),
    ];
    const reversals = [sampleReversal(settlements[3]!), sampleReversal(settlements[60]!)];
    await store([...settlements, ...reversals]);
    await store([sampleSettlement({ windowId: 7 })]);
    const gross = await grossIn(database, 1);
    expect(sortedBy(gross)).toEqual(grossOf([...settlements, ...reversals]));
    const [huge] = gross.filter(({ institutionId, layer }) => institutionId === 'H9' && layer === 'pool');
    expect(huge).toMatchObject({ settlements: 41, amount: 39 * 999_999_999_999 });
  });

  it('refuses a sum beyond what is exact instead of rounding it', async () => {
    const total = 9_000_000_000_000_000;
    const parts = { total, fullSelfPay: total, overLimit: 0, firstSelfPay: 0, eligible: 0 };
    const funds = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
    const huge = { ...parts, funds, fundTotal: 0, personTotal: total, account: total, cash: 0, windowId: 8 };
    await store([sampleSettlement(huge)]);
    await store([sampleSettlement(huge)]);
    await expect(grossIn(database, 8)).rejects.toThrow(InvariantViolation);
  });

  it('pages through the items of a pair in the order of ids', async () => {
    const pair = { windowId: 5, homeRegion: '320509', treatmentRegion: '330421' };
    const settlements = [...(await store([1, 2, 3, 4, 5].map(() => sampleSettlement(pair))))];
    await store([sampleSettlement({ ...pair, treatmentRegion: '310118' }), sampleSettlement({ ...pair, windowId: 6 })]);
    settlements.push(...(await store([sampleReversal(settlements[0]!)])));
    const expected = settlements
      .map(({ row }) => ({
        settlementId: row.settlementId,
        institutionId: row.institutionId,
        billNumber: row.billNumber,
        scheme: row.scheme,
        benefit: row.benefit,
        reverses: row.reverses,
        total: row.total,
        fundTotal: row.fundTotal,
        account: row.account,
        owed: row.fundTotal + row.account,
      }))
      .sort((left, right) => (left.settlementId < right.settlementId ? -1 : 1));
    const pages = [];
    let after = '';
    for (;;) {
      const page = await database.clearingStore.items(5, pair.homeRegion, pair.treatmentRegion, after, 4);
      if (page.length === 0) break;
      pages.push(page);
      after = page.at(-1)!.settlementId;
    }
    expect(pages.map((page) => page.length)).toEqual([4, 2]);
    expect(pages.flat()).toEqual(expected);
  });

  describe('clearing a window', () => {
    const pair = { homeRegion: '320509', treatmentRegion: '310118', settlements: 2 };
    const sums = {
      ...NOTHING,
      gross: [
        { ...pair, institutionId: 'H1', scheme: 'employee', layer: 'account', amount: -5 },
        { ...pair, institutionId: 'H1', scheme: 'employee', layer: 'pool', amount: 15 },
      ] satisfies GrossItem[],
      statements: [{ ...pair, statementId: '1-320509-310118', windowId: 1, owed: 10, itemsHash: 'f'.repeat(64) }],
      institutions: [
        {
          windowId: 1,
          institutionId: 'H1',
          treatmentRegion: '310118',
          settlements: 2,
          owed: 10,
          itemsHash: 'e'.repeat(64),
        },
      ],
      balances: [{ book: '310118', account: 'payable', party: 'H1', amount: -10 } as const],
      firstAtMs: 4,
      lastAtMs: 5,
    };
    const nets: NetPosition[] = [
      { windowId: 1, region: '310118', receivable: 10, payable: 0, net: 10 },
      { windowId: 1, region: '320509', receivable: 0, payable: 10, net: -10 },
    ];
    const notice: OutboxMessage = {
      messageId: 'n1',
      partnerRegion: '320509',
      topic: 'clearing-notice',
      subjectId: '1-320509-310118',
      orderKey: 'clearing',
      createdAtMs: 11,
    };

    async function closed(): Promise<Database> {
      const opened = await open();
      await opened.clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10);
      return opened;
    }

    it('keeps what each step found and moves the window on, once', async () => {
      const own = await closed();
      const { clearingStore, clearingSteps, outboxStore } = own;
      await clearingSteps.reconcile(1, sums, 11);
      await clearingSteps.reconcile(1, NOTHING, 12);
      const reconciled = { state: 'reconciled', closedAtMs: 10, reconciledAtMs: 11, issuedAtMs: undefined };
      expect(await clearingStore.window(1)).toMatchObject(reconciled);
      expect(await clearingStore.closedWindows()).toMatchObject([{ windowId: 1 }]);
      expect(await clearingStore.grossItems(1)).toEqual(sums.gross);
      expect(await clearingStore.statements(1)).toEqual(sums.statements);
      expect(await clearingStore.institutionStatements(1)).toEqual(sums.institutions);
      expect(await clearingStore.statement('1-320509-310118')).toEqual(sums.statements[0]);
      expect(await clearingStore.statement('nothing')).toBeUndefined();
      expect(await clearingStore.statement('没有')).toBeUndefined();

      await clearingSteps.net(1, nets);
      await clearingSteps.net(1, nets);
      expect(await clearingStore.netPositions(1)).toEqual(nets);
      await clearingSteps.issue(1, [notice], 13);
      await clearingSteps.issue(1, [notice], 14);
      await clearingSteps.net(1, [{ windowId: 1, region: '330421', receivable: 0, payable: 0, net: 0 }]);
      expect(await clearingStore.window(1)).toMatchObject({ state: 'issued', reconciledAtMs: 11, issuedAtMs: 13 });
      expect(await clearingStore.closedWindows()).toEqual([]);
      expect(await clearingStore.netPositions(1)).toEqual(nets);
      expect(await outboxStore.due('320509', 20, 9)).toEqual([{ ...notice, attempts: 0, strikes: 0 }]);
    });

    it('by several runners at once happens once', async () => {
      const own = await closed();
      await Promise.all([11, 12, 13].map((at) => issueWindow(own, 1, sums, nets, [notice], at)));
      expect(await own.clearingStore.netPositions(1)).toEqual(nets);
      expect(await own.clearingStore.statements(1)).toEqual(sums.statements);
    });

    it('leaves the window where it was when anything of a step cannot be written', async () => {
      const { clearingStore, clearingSteps } = await closed();
      const twice = { ...sums, balances: [...sums.balances, ...sums.balances] };
      await expect(clearingSteps.reconcile(1, twice, 11)).rejects.toThrow();
      expect(await clearingStore.window(1)).toMatchObject({ state: 'closed' });
      expect(await clearingStore.grossItems(1)).toEqual([]);
      await clearingSteps.reconcile(1, sums, 11);
      await expect(clearingSteps.issue(1, [notice, notice], 12)).rejects.toThrow();
      expect(await clearingStore.window(1)).toMatchObject({ state: 'reconciled' });
    });

    it('is refused out of order', async () => {
      await expect(database.clearingSteps.reconcile(1, sums, 11)).rejects.toThrow(InvariantViolation);
      const { clearingSteps } = await closed();
      await expect(clearingSteps.net(1, nets)).rejects.toThrow(InvariantViolation);
      await expect(clearingSteps.issue(1, [notice], 11)).rejects.toThrow(InvariantViolation);
    });

    it('is refused to whoever is not the newest holder of the lease, at every step', async () => {
      const { clearingStore, clearingSteps, leaseStore } = await open();
      const stale = { lease: 'clearing', token: (await leaseStore.acquire('clearing', 'one', 0, 10))!.token };
      const newest = { lease: 'clearing', token: (await leaseStore.acquire('clearing', 'two', 10, 10))!.token };
      const refused = { code: 'LEASE_LOST', retryable: true };
      await expect(clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10, stale)).rejects.toMatchObject(refused);
      expect((await clearingStore.openWindow()).windowId).toBe(1);
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10, newest);
      await expect(clearingSteps.reconcile(1, sums, 11, stale)).rejects.toMatchObject(refused);
      await clearingSteps.reconcile(1, sums, 11, newest);
      await expect(clearingSteps.net(1, nets, stale)).rejects.toMatchObject(refused);
      await clearingSteps.net(1, nets, newest);
      await expect(clearingSteps.issue(1, [notice], 12, stale)).rejects.toMatchObject(refused);
      await expect(clearingSteps.issue(1, [notice], 12, { ...newest, lease: 'unknown' })).rejects.toMatchObject(
        refused,
      );
      expect(await clearingStore.window(1)).toMatchObject({ state: 'reconciled' });
      await clearingSteps.issue(1, [notice], 12, newest);
      expect(await clearingStore.window(1)).toMatchObject({ state: 'issued' });
    });
  });
});
