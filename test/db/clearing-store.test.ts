import { beforeAll, describe, expect, it } from 'vitest';
import type { ClearingResult, GrossItem, StoredSettlement } from '../../src/app/ports.ts';
import { InvariantViolation } from '../../src/core/invariant.ts';
import type { Database } from '../../src/db/open-database.ts';
import { describeEachDatabase, FIRST_DATE } from '../support/databases.ts';
import { needFor, sampleReversal, sampleSettlement, writesFor } from '../support/settlement-samples.ts';

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
      expect(await clearingStore.gross(1)).toEqual([]);
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
    const gross = await database.clearingStore.gross(1);
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
    await expect(database.clearingStore.gross(8)).rejects.toThrow(InvariantViolation);
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

  describe('issuing', () => {
    const pair = { homeRegion: '320509', treatmentRegion: '310118', settlements: 2 };
    const result: ClearingResult = {
      gross: [
        { ...pair, institutionId: 'H1', scheme: 'employee', layer: 'account', amount: -5 },
        { ...pair, institutionId: 'H1', scheme: 'employee', layer: 'pool', amount: 15 },
      ],
      statements: [{ ...pair, statementId: '1-320509-310118', windowId: 1, owed: 10, itemsHash: 'f'.repeat(64) }],
      nets: [
        { windowId: 1, region: '310118', receivable: 10, payable: 0, net: 10 },
        { windowId: 1, region: '320509', receivable: 0, payable: 10, net: -10 },
      ],
      notices: [
        {
          messageId: 'n1',
          partnerRegion: '320509',
          topic: 'clearing-notice',
          subjectId: '1-320509-310118',
          orderKey: 'clearing',
          createdAtMs: 11,
        },
      ],
    };

    it('writes everything and marks the window, once', async () => {
      const { clearingStore, outboxStore } = await open();
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10);
      await clearingStore.issue(1, result, 11);
      await clearingStore.issue(1, { ...result, nets: [], gross: [], statements: [] }, 12);
      expect(await clearingStore.window(1)).toMatchObject({ state: 'issued', closedAtMs: 10, issuedAtMs: 11 });
      expect(await clearingStore.closedWindows()).toEqual([]);
      expect(await clearingStore.grossItems(1)).toEqual(result.gross);
      expect(await clearingStore.statements(1)).toEqual(result.statements);
      expect(await clearingStore.statement('1-320509-310118')).toEqual(result.statements[0]);
      expect(await clearingStore.statement('nothing')).toBeUndefined();
      expect(await clearingStore.statement('没有')).toBeUndefined();
      expect(await clearingStore.netPositions(1)).toEqual(result.nets);
      expect(await outboxStore.due('320509', 20, 9)).toEqual(
        result.notices.map((notice) => ({ ...notice, attempts: 0, strikes: 0 })),
      );
    });

    it('by two runners at once happens once', async () => {
      const { clearingStore } = await open();
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10);
      await Promise.all([11, 12, 13].map((at) => clearingStore.issue(1, result, at)));
      expect(await clearingStore.netPositions(1)).toEqual(result.nets);
    });

    it('leaves the window closed when anything cannot be written', async () => {
      const { clearingStore } = await open();
      await clearingStore.closeWindow(FIRST_DATE, NEXT_DATE, 10);
      const [notice] = result.notices;
      await expect(clearingStore.issue(1, { ...result, notices: [notice!, notice!] }, 11)).rejects.toThrow();
      expect(await clearingStore.window(1)).toMatchObject({ state: 'closed' });
      expect(await clearingStore.netPositions(1)).toEqual([]);
    });

    it('is refused for a window that is open', async () => {
      await expect(database.clearingStore.issue(1, result, 11)).rejects.toThrow(InvariantViolation);
    });
  });
});
