import { beforeAll, expect, it } from 'vitest';
import type { StoredSettlement } from '../../../src/app/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { needFor, sampleReversal, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

describeEachDatabase('SettlementQueries', (open) => {
  let queries: Database['settlementQueries'];
  let stored: StoredSettlement[];

  beforeAll(async () => {
    const database = await open();
    queries = database.settlementQueries;
    expect(await queries.totals()).toEqual({
      settlements: 0,
      reversals: 0,
      total: 0,
      fundTotal: 0,
      account: 0,
      cash: 0,
    });
    const first = sampleSettlement({ institutionId: 'H2', billNumber: 'one/two' });
    const again = sampleSettlement({ institutionId: 'H2', billNumber: 'one/two', attempt: 2 });
    const other = sampleSettlement({ institutionId: 'H1', billNumber: 'one/two' });
    stored = [first, sampleReversal(first), again, other];
    await database.settlementStore.transact(needFor([]), () => ({ writes: writesFor(stored), result: 0 }));
  });

  it('finds by id', async () => {
    for (const settlement of stored) expect(await queries.byId(settlement.row.settlementId)).toEqual(settlement);
    expect(await queries.byId('没有')).toBeUndefined();
  });

  it('finds every attempt of a bill and of no other, oldest first', async () => {
    expect(await queries.byBill('H2', 'one/two')).toEqual(stored.slice(0, 3));
    expect(await queries.byBill('H2', 'one')).toEqual([]);
  });

  it('lists the latest of an institution, newest first', async () => {
    expect(await queries.latestOfInstitution('H2', 2)).toEqual([stored[2], stored[1]]);
    expect(await queries.latestOfInstitution('H2', 10)).toHaveLength(3);
  });

  it('adds up live business', async () => {
    expect(await queries.totals()).toEqual({
      settlements: 3,
      reversals: 1,
      total: 2 * 12_345,
      fundTotal: 2 * 7_500,
      account: 2 * 2_000,
      cash: 2 * 2_845,
    });
  });
});
