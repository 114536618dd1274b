import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { lastDayOver, clearDue } from '../../../src/app/clearing/clear-due.ts';
import { clearUpTo, type ClearingDeps } from '../../../src/app/clearing/run-clearing.ts';
import { sumWindow } from '../../../src/app/clearing/sum-window.ts';
import type { BookedPart, WindowPage, WindowPart, WindowReader } from '../../../src/app/clearing/ports.ts';
import type { SettlementRow, StoredSettlement } from '../../../src/app/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { clearingPorts } from '../../support/clearing.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { needFor, samplePerson, sampleReversal, sampleSettlement, writing } from '../../support/settlement-samples.ts';

const REGIONS = ['310118', '320509', '330421'];
const at = (date: string, time = '12:00'): number => Date.parse(`${date}T${time}:00+08:00`);

/** Wujiang's people in Qingpu and at home, Qingpu's in Jiashan, one all in cash, and some reversed again. */
function aDay(windowId: number): StoredSettlement[] {
  const cash = { funds: noFunds, fundTotal: 0, personTotal: 12_345, account: 0, cash: 12_345 };
  const made = [
    sampleSettlement({ windowId }),
    sampleSettlement({ windowId, scheme: 'resident', benefit: 'inpatient' }),
    sampleSettlement({ windowId, homeRegion: '310118', treatmentRegion: '330421', institutionId: 'H33042100001' }),
    sampleSettlement({ windowId, treatmentRegion: '320509', institutionId: 'H32050900001' }),
    sampleSettlement({ windowId, ...cash }),
    sampleSettlement({ windowId, homeRegion: '330421', ...cash }),
  ];
  return [...made, sampleReversal(made[1]!)];
}

const noFunds: SettlementRow['funds'] = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };

describeEachDatabase('clearing', (open) => {
  async function begin(now = at('2026-11-25', '00:30')) {
    const database = await open();
    await database.personStore.importPersons([samplePerson('p1')]);
    const clock = { now: () => now };
    const deps: ClearingDeps = { ...clearingPorts(database), regions: REGIONS, clock };
    return { database, deps };
  }

  async function settle(database: Database, make: (windowId: number) => readonly StoredSettlement[]) {
    return database.settlementStore.transact(needFor(['p1']), writing(make));
  }

  /** Everything that clearing wrote, window by window. */
  async function everything({ clearingStore: store, outboxStore }: Database) {
    const windows = [...(await store.windows(100))].reverse();
    const of = async (windowId: number) => ({
      gross: await store.grossItems(windowId),
      statements: await store.statements(windowId),
      institutions: await store.institutionStatements(windowId),
      nets: await store.netPositions(windowId),
    });
    const results = [];
    for (const window of windows) results.push({ window, ...(await of(window.windowId)) });
    return { results, pending: await outboxStore.pending() };
  }

  it('clears a day: gross by layer, statements by pair, nets, notices; cash never crosses', async () => {
    const { database, deps } = await begin();
    const written = await settle(database, aDay);
    const issued = await clearUpTo(deps, FIRST_DATE);
    expect(issued).toMatchObject([
      { windowId: 1, businessDate: FIRST_DATE, state: 'issued', issuedAtMs: deps.clock.now() },
    ]);

    const store = database.clearingStore;
    expect(await store.statements(1)).toMatchObject([
      { statementId: '1-310118-330421', homeRegion: '310118', treatmentRegion: '330421', settlements: 1, owed: 9_500 },
      // 95.00, another 95.00 and its reversal, and a bill paid in cash, of which nothing is owed
      { statementId: '1-320509-310118', homeRegion: '320509', treatmentRegion: '310118', settlements: 4, owed: 9_500 },
    ]);
    expect(await store.netPositions(1)).toEqual([
      { windowId: 1, region: '310118', receivable: 9_500, payable: 9_500, net: 0 },
      { windowId: 1, region: '320509', receivable: 0, payable: 9_500, net: -9_500 },
      { windowId: 1, region: '330421', receivable: 9_500, payable: 0, net: 9_500 },
    ]);
    const local = (await store.grossItems(1)).filter(({ treatmentRegion }) => treatmentRegion === '320509');
    expect(local.map(({ layer, amount }) => [layer, amount])).toEqual([
      ['account', 2_000],
      ['pool', 7_000],
      ['seriousIllness', 500],
    ]);
    const crossing = written.filter(({ row }) => row.homeRegion !== row.treatmentRegion);
    const statements = await store.statements(1);
    const owed = crossing.reduce((sum, { row }) => sum + row.fundTotal + row.account, 0);
    expect(statements.reduce((sum, statement) => sum + statement.owed, 0)).toBe(owed);
  });

  it('gives every county one notice a window, under the same name whoever makes it', async () => {
    const { database, deps } = await begin();
    await clearUpTo(deps, FIRST_DATE);
    for (const region of REGIONS) {
      expect(await database.outboxStore.due(region, deps.clock.now(), 10)).toMatchObject([
        { messageId: `notice-1-${region}`, topic: 'clearing-notice', subjectId: '1', partnerRegion: region },
      ]);
    }
  });

  it('hashes the bills of a pair so that anybody can do it again', async () => {
    const { database, deps } = await begin();
    const written = await settle(database, aDay);
    await clearUpTo(deps, FIRST_DATE);
    const yuan = (amount: number): string => (amount / 100).toFixed(2);
    const hash = createHash('sha256');
    for (const { row } of written
      .filter(({ row }) => row.homeRegion === '320509' && row.treatmentRegion === '310118')
      .sort((one, other) => (one.row.settlementId < other.row.settlementId ? -1 : 1))) {
      const { settlementId, institutionId, billNumber, scheme, benefit, reverses = '' } = row;
      const amounts = [row.total, row.fundTotal, row.account, row.fundTotal + row.account].map(yuan);
      const text = [settlementId, institutionId, billNumber, scheme, benefit, reverses, ...amounts].join('|');
      hash.update(createHash('sha256').update(text).digest('hex'));
    }
    const statement = await database.clearingStore.statement('1-320509-310118');
    expect(statement?.itemsHash).toBe(hash.digest('hex'));
  });

  it('reads a pair in pages and misses none', async () => {
    const { database, deps } = await begin();
    const many = Array.from({ length: 12_345 }, () => sampleSettlement());
    await settle(database, () => many);
    await clearUpTo(deps, FIRST_DATE);
    expect(await database.clearingStore.statements(1)).toMatchObject([{ settlements: 12_345, owed: 12_345 * 9_500 }]);
  });

  it('gives each missed night a window of its own, in order, also the empty ones', async () => {
    const { database, deps } = await begin(at('2026-11-28', '08:00'));
    await settle(database, aDay);
    const issued = await clearDue(deps);
    expect(issued.map(({ businessDate, state }) => [businessDate, state])).toEqual([
      ['2026-11-24', 'issued'],
      ['2026-11-25', 'issued'],
      ['2026-11-26', 'issued'],
      ['2026-11-27', 'issued'],
    ]);
    expect(await database.clearingStore.openWindow()).toMatchObject({ windowId: 5, businessDate: '2026-11-28' });
    expect(await database.clearingStore.statements(2)).toEqual([]);
    expect((await database.clearingStore.netPositions(4)).map(({ net }) => net)).toEqual([0, 0, 0]);
    const pending = await database.outboxStore.pending();
    expect(pending).toContainEqual({ partnerRegion: '330421', topic: 'clearing-notice', count: 4 });
  });

  it('puts what is settled right after a close into the next window', async () => {
    const { database, deps } = await begin();
    await settle(database, (windowId) => [sampleSettlement({ windowId })]);
    await clearUpTo(deps, FIRST_DATE);
    const [late] = await settle(database, (windowId) => [sampleSettlement({ windowId })]);
    expect(late?.row.windowId).toBe(2);
    expect(await database.clearingStore.statements(1)).toMatchObject([{ settlements: 1 }]);
    await clearUpTo({ ...deps, clock: { now: () => at('2026-11-26') } }, '2026-11-25');
    expect(await database.clearingStore.statements(2)).toMatchObject([{ settlements: 1, owed: 9_500 }]);
  });

  it('loses nothing and counts nothing twice while counters go on settling', async () => {
    const { database, deps } = await begin(at('2026-11-30'));
    let isClearing = true;
    let settled = 0;
    const counter = async (): Promise<void> => {
      while (isClearing) {
        const made = await settle(database, (windowId) => [sampleSettlement({ windowId })]);
        settled += made.length;
      }
    };
    const counters = Array.from({ length: 8 }, counter);
    for (const [night, date] of ['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27'].entries()) {
      await vi.waitFor(() => expect(settled).toBeGreaterThan(20 * (night + 1)), { interval: 1 });
      await clearUpTo(deps, date);
    }
    isClearing = false;
    await Promise.all(counters);
    await clearUpTo(deps, '2026-11-28');
    const statements = (await everything(database)).results.flatMap((result) => result.statements);
    expect(statements.length).toBeGreaterThanOrEqual(4);
    expect(statements.reduce((sum, statement) => sum + statement.settlements, 0)).toBe(settled);
    expect(statements.reduce((sum, { owed }) => sum + owed, 0)).toBe(settled * 9_500);
  });

  it('takes a reversal of a cleared bill into the open window, where it turns the debt round', async () => {
    const { database, deps } = await begin();
    const [original] = await settle(database, (windowId) => [sampleSettlement({ windowId })]);
    await clearUpTo(deps, FIRST_DATE);
    await settle(database, (windowId) => [sampleReversal(original!, windowId)]);
    await clearUpTo({ ...deps, clock: { now: () => at('2026-11-26') } }, '2026-11-25');
    const nets = [...(await database.clearingStore.netPositions(1)), ...(await database.clearingStore.netPositions(2))];
    for (const region of REGIONS) {
      const own = nets.filter((net) => net.region === region);
      expect(own.reduce((sum, { net }) => sum + net, 0)).toBe(0);
    }
    expect(await database.clearingStore.statements(2)).toMatchObject([{ owed: -9_500 }]);
  });

  it('changes nothing when it is run again, and refuses a day to come', async () => {
    const { database, deps } = await begin();
    await settle(database, aDay);
    await clearUpTo(deps, FIRST_DATE);
    const before = await everything(database);
    expect(await clearUpTo({ ...deps, clock: { now: () => at('2026-11-25', '03:00') } }, FIRST_DATE)).toEqual([]);
    expect(await everything(database)).toEqual(before);
    await expect(clearUpTo(deps, '2026-11-26')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await everything(database)).toEqual(before);
  });

  it('comes to the same result when two runs meet', async () => {
    const { database, deps } = await begin(at('2026-11-27', '08:00'));
    await settle(database, aDay);
    const runs = await Promise.allSettled([clearDue(deps), clearDue(deps), clearDue(deps)]);
    expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    const { results, pending } = await everything(database);
    expect(results.map(({ window, nets }) => [window.state, nets.length])).toEqual([
      ['issued', 3],
      ['issued', 3],
      ['issued', 3],
      ['open', 0],
    ]);
    expect(pending.filter(({ topic }) => topic === 'clearing-notice').map(({ count }) => count)).toEqual([3, 3, 3]);
  });

  it('ends before its next step when it is told to, and goes on later', async () => {
    const { database, deps } = await begin(at('2026-11-27', '08:00'));
    const told = new AbortController();
    const steps: ClearingDeps['steps'] = {
      ...database.clearingSteps,
      async issue(...issue) {
        await database.clearingSteps.issue(...issue);
        told.abort(new RangeError('told to end'));
      },
    };
    await expect(clearDue({ ...deps, steps, signal: told.signal })).rejects.toThrow('told to end');
    expect((await clearDue(deps)).map(({ windowId }) => windowId)).toEqual([2, 3]);
  });

  it(
    'survives a crash before and after every step: the next run ends with the same result',
    { timeout: 120_000 },
    async () => {
      // The same ids in every database, or the hashes could not be compared.
      const day = aDay(1);
      const startOver = async () => {
        const begun = await begin(at('2026-11-26', '08:00'));
        await settle(begun.database, () => day);
        return begun;
      };
      const undisturbed = await startOver();
      let steps = 0;
      await clearDue({
        ...undisturbed.deps,
        ...stepwise(undisturbed.deps, () => void (steps += 1)),
      });
      const expected = await everything(undisturbed.database);
      expect(expected.results.flatMap(({ statements }) => statements)).toHaveLength(2);
      expect(steps).toBeGreaterThan(15);

      for (let crashAt = 1; crashAt <= steps; crashAt++) {
        const { database, deps } = await startOver();
        let step = 0;
        const crashing = stepwise(deps, () => {
          step += 1;
          if (step === crashAt) throw new RangeError('crashed');
        });
        await expect(clearDue({ ...deps, ...crashing })).rejects.toThrow('crashed');
        await clearDue(deps);
        expect(await everything(database), `crash at step ${crashAt} of ${steps}`).toEqual(expected);
      }
    },
  );

  describe('holds a window back whose', () => {
    type Change<T> = (value: T) => T;
    async function* changed<T>(values: AsyncIterable<T>, change: Change<T>): AsyncGenerator<T> {
      for await (const value of values) yield change(value);
    }
    const inPages = (change: Change<WindowPage>) => (reader: WindowReader) => ({
      ...reader,
      pages: (windowId: number) => changed(reader.pages(windowId), change),
    });
    const inParts = (change: Change<WindowPart>) => inPages((page) => ({ ...page, parts: page.parts.map(change) }));
    /** What was posted, with a mark that shows that it is something else. */
    const inBooked = (change: Change<BookedPart>) => (reader: WindowReader) => ({
      ...inParts(({ mark = 0n, ...part }) => ({ ...part, mark: mark + 1n }))(reader),
      booked: (windowId: number) => changed(reader.booked(windowId), change),
    });
    const ways: Readonly<Record<string, Change<WindowReader>>> = {
      'bills are fewer than its index has': inPages((page) => ({ ...page, items: page.items.slice(1) })),
      'bills do not add up to its gross': inPages((page) => ({
        ...page,
        items: page.items.map((item, index) => (index === 0 ? { ...item, fundTotal: item.fundTotal + 1 } : item)),
      })),
      'gross is not what was posted': inBooked((part) => ({
        ...part,
        booked: part.booked.map((sum, index) => (index === 0 ? { ...sum, amount: sum.amount - 1 } : sum)),
      })),
      'postings lie in an account that the gross does not know': inBooked((part) => ({
        ...part,
        booked: [...part.booked, { book: '310118', account: 'payable', party: 'H0', amount: 1 }],
      })),
      'bills are not all documented': inParts((part) => ({ ...part, undocumented: ['s1'] })),
      'bills have other postings': inBooked((part) => ({ ...part, misbooked: ['s1'] })),
    };

    it.each(Object.keys(ways))('%s, closes those after it, and clears all when it is put right', async (way) => {
      const { database, deps } = await begin(at('2026-11-26', '08:00'));
      await settle(database, aDay);
      const reader = ways[way]!(deps.reader);
      await expect(clearDue({ ...deps, reader })).rejects.toMatchObject({
        code: 'WINDOW_DISAGREES',
        retryable: false,
        extra: { windowId: 1, wrong: expect.any(Array) as string[] },
      });
      const states = async () => (await database.clearingStore.windows(9)).map(({ state }) => state).reverse();
      expect(await states()).toEqual(['closed', 'closed', 'open']);
      expect(await database.clearingStore.statements(1)).toEqual([]);
      expect((await clearDue(deps)).map(({ windowId }) => windowId)).toEqual([1, 2]);
      expect(await states()).toEqual(['issued', 'issued', 'open']);
    });
  });

  it('adds journal entries to what each account moved, and compares bills without them', async () => {
    const { database, deps } = await begin();
    await settle(database, aDay);
    const sums = await sumWindow(deps.reader, 1, {});
    const total = sums.balances.reduce((sum, { amount }) => sum + amount, 0);
    expect(total).toBe(0);
    expect(sums.balances).toContainEqual({ book: '320509', account: 'personal', party: '', amount: 2 * 2_000 });
    expect(sums.firstAtMs).toBe(1_795_000_000_000);
  });

  it('states every institution, also what its own county owes it', async () => {
    const { database, deps } = await begin();
    await settle(database, aDay);
    await clearUpTo(deps, FIRST_DATE);
    expect(await database.clearingStore.institutionStatements(1)).toMatchObject([
      { institutionId: 'H31011800001', treatmentRegion: '310118', settlements: 5, owed: 9_500 },
      { institutionId: 'H32050900001', treatmentRegion: '320509', settlements: 1, owed: 9_500 },
      { institutionId: 'H33042100001', treatmentRegion: '330421', settlements: 1, owed: 9_500 },
    ]);
  });
});

/** Ports that call before each step, and after each step that writes: a crash may come on either side of it. */
function stepwise(
  { store, steps, reader }: ClearingDeps,
  step: () => void,
): Pick<ClearingDeps, 'store' | 'steps' | 'reader'> {
  const read =
    <A extends unknown[], R>(call: (...values: A) => Promise<R>) =>
    async (...values: A): Promise<R> => {
      step();
      return call(...values);
    };
  const write =
    <A extends unknown[]>(call: (...values: A) => Promise<void>) =>
    async (...values: A): Promise<void> => {
      step();
      await call(...values);
      step();
    };
  const stream = <T>(call: (windowId: number) => AsyncIterable<T>) =>
    async function* (windowId: number): AsyncGenerator<T> {
      for await (const value of call(windowId)) {
        step();
        yield value;
      }
    };
  return {
    store: {
      openWindow: read(store.openWindow),
      closedWindows: read(store.closedWindows),
      window: read(store.window),
      grossItems: read(store.grossItems),
      closeWindow: write(store.closeWindow),
    },
    steps: { reconcile: write(steps.reconcile), net: write(steps.net), issue: write(steps.issue) },
    reader: {
      count: read(reader.count),
      journal: read(reader.journal),
      adjustments: read(reader.adjustments),
      pages: stream(reader.pages),
      booked: stream(reader.booked),
    },
  };
}

it('takes yesterday in Asia/Shanghai for due, never today', () => {
  expect(lastDayOver(at('2026-11-25', '00:00'))).toBe('2026-11-24');
  expect(lastDayOver(at('2026-11-25', '23:59'))).toBe('2026-11-24');
  expect(lastDayOver(at('2026-03-01', '00:30'))).toBe('2026-02-28');
});
