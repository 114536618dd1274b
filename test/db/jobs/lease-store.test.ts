import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/db/open-database.ts';
import { describeEachDatabase } from '../../support/databases.ts';

describeEachDatabase('LeaseStore', (open) => {
  let leases: Database['leaseStore'];

  beforeAll(async () => {
    leases = (await open()).leaseStore;
  });

  it('is held by one, until it runs out or is released', async () => {
    expect(await leases.acquire('clearing', 'one', 0, 100)).toEqual({ token: 1 });
    expect(await leases.acquire('clearing', 'two', 99, 100)).toBeUndefined();
    expect(await leases.acquire('other', 'two', 99, 100)).toEqual({ token: 1 });
    expect(await leases.acquire('clearing', 'two', 100, 100)).toEqual({ token: 2 });
    expect(await leases.acquire('clearing', 'one', 150, 100)).toBeUndefined();
    await leases.release('clearing', 'one');
    expect(await leases.acquire('clearing', 'one', 150, 100)).toBeUndefined();
    await leases.release('clearing', 'two');
    expect(await leases.acquire('clearing', 'one', 150, 100)).toEqual({ token: 3 });
  });

  it('keeps its token when its holder renews, and raises it for the same holder after a pause', async () => {
    expect(await leases.acquire('renewed', 'one', 0, 100)).toEqual({ token: 1 });
    expect(await leases.acquire('renewed', 'one', 90, 100)).toEqual({ token: 1 });
    expect(await leases.acquire('renewed', 'two', 150, 100)).toBeUndefined();
    await leases.release('renewed', 'one');
    expect(await leases.acquire('renewed', 'one', 160, 100)).toEqual({ token: 2 });
    expect(await leases.acquire('renewed', 'one', 260, 100)).toEqual({ token: 3 });
  });

  it('goes to exactly one of many who ask at once', async () => {
    for (const [round, nowMs] of [0, 1000, 2000].entries()) {
      const asked = await Promise.all(
        Array.from({ length: 12 }, (_, index) => leases.acquire('contended', `holder ${index}`, nowMs, 100)),
      );
      expect(asked.filter((lease) => lease !== undefined)).toEqual([{ token: round + 1 }]);
    }
  });
});
