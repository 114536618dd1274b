import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/db/open-database.ts';
import { grossIn } from '../../support/clearing.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { needFor, samplePerson, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

const CLIENTS = 64;
const BUCKET = '2026-01-01';
const PERSONS = Array.from({ length: 20 }, (_, index) => `p${String(index).padStart(2, '0')}`);

/** A different handful of persons each time, in no particular order. */
function someOf<T>(all: readonly T[], seed: number, count: number): T[] {
  const stride = [1, 3, 7, 9][seed % 4]!;
  return Array.from({ length: count }, (_, index) => all[(seed * 7 + index * stride) % all.length]!);
}

describeEachDatabase('many clients at once', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open({ connections: 16 });
    await database.personStore.importPersons(PERSONS.map((id) => samplePerson(id)));
  });

  /** Settles one bill for each of some persons; everyone's accumulator rises by 7, their account falls by 1. */
  function settleFor(personIds: readonly string[]): Promise<string[]> {
    return database.settlementStore.transact(needFor(personIds), ({ persons, windowId }) => {
      const settlements = personIds.map((personId) => sampleSettlement({ personId, windowId }));
      const states = personIds.map((personId) => ({ personId, state: persons.get(personId)! }));
      const writes = writesFor(settlements, {
        accumulators: states.map(({ personId, state: { accumulators } }) => ({
          personId,
          bucket: BUCKET,
          amounts: { poolPaid: (accumulators[BUCKET]?.poolPaid ?? 0) + 7 },
        })),
        accounts: states.map(({ personId, state: { accounts } }) => ({
          personId,
          current: accounts.current - 1,
          carried: accounts.carried,
        })),
      });
      return { writes, result: settlements.map(({ row }) => row.settlementId) };
    });
  }

  it('lose no update', async () => {
    const expected = new Map(PERSONS.map((id) => [id, 0]));
    const client = async (seed: number): Promise<void> => {
      for (let round = 0; round < 4; round++) {
        const personIds = someOf(PERSONS, seed + round, 4);
        for (const id of personIds) expected.set(id, expected.get(id)! + 1);
        await settleFor(personIds);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, seed) => client(seed)));

    for (const [id, times] of expected) {
      const { accumulators, accounts } = (await database.personStore.find(id))!;
      expect({ id, poolPaid: accumulators[BUCKET]!.poolPaid, current: accounts.current }).toEqual({
        id,
        poolPaid: 7 * times,
        current: 1_000_000 - times,
      });
    }
    const { settlements } = await database.settlementQueries.totals();
    expect(settlements).toBe(CLIENTS * 4 * 4);
    expect(PERSONS.some((id) => expected.get(id)! > CLIENTS / 2)).toBe(true);
  });

  it('find each settlement in exactly one window while windows close', async () => {
    const before = (await database.settlementQueries.totals()).settlements;
    const made = new Map<string, number>();
    let isClosing = true;
    const client = async (seed: number): Promise<void> => {
      for (let round = 0; isClosing; round++) {
        const personId = PERSONS[(seed + round) % PERSONS.length]!;
        const { row } = await database.settlementStore.transact(needFor([personId]), ({ windowId }) => {
          const settlement = sampleSettlement({ personId, windowId });
          return { writes: writesFor([settlement]), result: settlement };
        });
        made.set(row.settlementId, row.windowId);
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, seed) => client(seed));

    const dates = [FIRST_DATE, '2026-11-25', '2026-11-26', '2026-11-27'];
    const countIn = async (windowId: number): Promise<number> => {
      const gross = await grossIn(database, windowId);
      return gross.filter(({ layer }) => layer === 'pool').reduce((sum, { settlements }) => sum + settlements, 0);
    };
    const atClose: number[] = [];
    for (const [index, date] of dates.slice(0, -1).entries()) {
      await sleep(30);
      await database.clearingStore.closeWindow(date, dates[index + 1]!, index);
      // Closing waited for whoever had seen this window open: nothing is added to it from here on.
      atClose.push(await countIn(index + 1));
    }
    isClosing = false;
    await Promise.all(clients);

    const counts = await Promise.all([1, 2, 3, 4].map(countIn));
    expect(counts.slice(0, 3)).toEqual(atClose);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(before + made.size);
    const byWindow = [1, 2, 3, 4].map((window) => [...made.values()].filter((one) => one === window).length);
    expect(counts).toEqual([byWindow[0]! + before, ...byWindow.slice(1)]);
    expect(byWindow.every((count) => count > 0)).toBe(true);
    expect((await database.clearingStore.windows(9)).map(({ state }) => state)).toEqual([
      'open',
      'closed',
      'closed',
      'closed',
    ]);
  });

  it('settle the same bill once', async () => {
    const twin = sampleSettlement({ personId: 'p00' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: CLIENTS }, (_, index) =>
        // Different persons, so that only the unique key stands between them.
        database.settlementStore.transact(
          needFor([PERSONS[index % PERSONS.length]!], [twin]),
          ({ attempts, windowId }) => {
            if (attempts.size > 0) return { writes: writesFor([]), result: 'repeat' };
            const { billNumber } = twin.row;
            return { writes: writesFor([sampleSettlement({ billNumber, windowId })]), result: 'settled' };
          },
        ),
      ),
    );
    const results = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as { code: string }).code,
    );
    expect(results.filter((result) => result === 'settled')).toHaveLength(1);
    expect(results.every((result) => ['settled', 'repeat', 'UNIQUE_CONFLICT'].includes(result))).toBe(true);
    expect(await database.settlementQueries.byBill(twin.row.institutionId, twin.row.billNumber)).toHaveLength(1);
  });
});
