import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { lookAfresh, pullFeeds, type RefusedItem } from '../../src/app/funds/pull-feeds.ts';
import type { Database } from '../../src/db/open-database.ts';
import { startPullLoop } from '../../src/jobs/pull-loop.ts';
import { createBreakers, type Breakers } from '../../src/partners/breakers.ts';
import type { FundAddress } from '../../src/partners/fund-call.ts';
import { createFundReader } from '../../src/partners/fund-reader.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { insideTransaction } from '../../src/platform/transaction-guard.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { simulatedPerson } from '../support/simulated-person.ts';
import { SMALL_REGION, smallRulebook } from '../support/small-rules.ts';

const YEAR = '2026-01-01';
const rules = smallRulebook(`
accumulators:
  paid: { counts: paid, of: [outpatient] }
benefits:
  outpatient: { bands: { ratio: [ { from: 1900-01-01, value: 0.80, source: a decree, provenance: sourced } ] } }
`);
const NEVER = { volumeThreshold: 1000, errorThresholdPercentage: 50, windowMs: 60_000, resetMs: 50 };

describeEachDatabase('pulling the feeds of a fund', (open) => {
  const endings: (() => unknown)[] = [];
  let database: Database;
  let fund: FundServer;
  let breakers: Breakers;
  let refused: RefusedItem[];
  let nowMs: number;

  beforeAll(() => {
    nowMs = Date.UTC(2026, 10, 24, 4);
  });

  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  /** A database and a fund, both of which know nothing yet. */
  async function begin(options = NEVER, address: Partial<FundAddress> = {}) {
    database = await open();
    refused = [];
    fund = await startFundServer({ now: () => (nowMs += 1) });
    breakers = createBreakers(options);
    endings.push(
      () => fund.stop(),
      () => breakers.close(),
    );
    const { copyStore: copies, feedStore: feeds } = database;
    const deps = {
      copies,
      feeds,
      rulebook: () => rules,
      clock: { now: () => nowMs },
      onRefused: (one: RefusedItem) => void refused.push(one),
    };
    const reader = createFundReader({ region: SMALL_REGION, url: fund.url, timeoutMs: 1500, ...address }, breakers);
    return { deps, reader, pull: () => pullFeeds(deps, reader) };
  }

  const spend = (personId: string, change: string) =>
    fund.members.spend({ personId, accumulators: [{ bucket: YEAR, name: 'paid', change }] });
  const paid = async (id: string) => (await database.personStore.find(id))?.accumulators[YEAR]?.['paid'];
  const position = (feed: 'persons' | 'accumulatorEvents') => database.feedStore.position(SMALL_REGION, feed);

  it('takes persons and their events page by page, and goes on where it was', async () => {
    const { pull } = await begin();
    fund.members.enrol(Array.from({ length: 450 }, (_, at) => simulatedPerson(`p${at}`)));
    spend('p3', '2.00');
    expect(await pull()).toMatchObject({ items: 451, refused: 0, error: undefined });
    expect([await database.personStore.count(), await paid('p3'), await paid('p4')]).toEqual([450, 700, 500]);
    spend('p3', '0.50');
    spend('p4', '1.00');
    expect(await pull()).toMatchObject({ items: 2, refused: 0 });
    expect([await paid('p3'), await paid('p4')]).toEqual([750, 600]);
    expect(await pull()).toMatchObject({ items: 0 });
    // Whoever is in no page has not changed: everybody's copy is as old as the last look.
    nowMs += 60_000;
    await pull();
    expect(nowMs - (await database.copyStore.asOf('p9'))!).toBeLessThan(100);
  });

  it('is moved by no repeat and no disorder', async () => {
    const { pull } = await begin();
    fund.members.enrol([simulatedPerson('p1'), simulatedPerson('p2')]);
    await pull();
    fund.setFaults({ duplicate: true, outOfOrder: true });
    for (let turn = 1; turn <= 40; turn++) spend(turn % 3 === 0 ? 'p2' : 'p1', '0.10');
    fund.members.enrol([simulatedPerson('p2', { name: '改名', balances: undefined })]);
    expect(await pull()).toMatchObject({ items: 82, refused: 0 });
    expect([await paid('p1'), await paid('p2')]).toEqual([500 + 270, 500 + 130]);
    expect((await database.personStore.find('p2'))?.person.name).toBe('改名');
    // The mark was lost: everything comes once more.
    await database.feedStore.moved({ ...(await position('accumulatorEvents')), position: '' });
    await pull();
    expect([await paid('p1'), await paid('p2')]).toEqual([500 + 270, 500 + 130]);
  });

  it.each([
    ['HTML', { wrongAnswer: 'html' }, 'ANSWER_NOT_UNDERSTOOD', 'ANSWER_NOT_UNDERSTOOD: '],
    ['200 with an error inside', { wrongAnswer: 'errorInside' }, 'PARTNER_REFUSED', 'PARTNER_REFUSED (FUND-4711): '],
    ['100 MB', { wrongAnswer: 'huge' }, 'ANSWER_TOO_LARGE', 'ANSWER_TOO_LARGE: '],
    ['a failure of its own', { errorRate: 1 }, 'PARTNER_FAILED', 'PARTNER_FAILED (FUND_BUSY): '],
    ['nothing at all', { silent: true }, 'PARTNER_TIMEOUT', 'PARTNER_TIMEOUT: '],
    ['by hanging up', { down: true }, 'PARTNER_UNREACHABLE', 'PARTNER_UNREACHABLE: '],
  ] as const)(
    'keeps its place when the fund answers %s, says why, and goes on afterwards',
    async (_what, faults, code, words) => {
      const { pull } = await begin(NEVER, { timeoutMs: 800 });
      fund.members.enrol([simulatedPerson('p1')]);
      await pull();
      spend('p1', '1.00');
      fund.setFaults(faults);
      const { error } = await pull();
      expect(error?.code).toBe(code);
      const { position: mark, lastError } = await position('accumulatorEvents');
      expect([mark, lastError?.slice(0, words.length)]).toEqual(['0', words]);
      expect(await paid('p1')).toBe(500);
      fund.setFaults({});
      expect(await pull()).toMatchObject({ items: 1, error: undefined });
      expect([await paid('p1'), (await position('accumulatorEvents')).lastError]).toEqual([600, undefined]);
    },
  );

  it('names what it cannot take and takes the rest', async () => {
    const { pull } = await begin();
    fund.members.enrol([
      simulatedPerson('good'),
      simulatedPerson('span', { coverage: [{ from: '2020-01-02', to: '2020-01-01', state: 'active' }] }),
      simulatedPerson('form', { scheme: 'rural' as 'resident' }),
    ]);
    expect(await pull()).toMatchObject({ refused: 2 });
    spend('good', '1.00');
    spend('good', '-99.00');
    spend('good', '1.00');
    spend('span', '1.00');
    expect(await pull()).toMatchObject({ refused: 2 });
    expect(refused.map(({ feed, item, code }) => [feed, item, code])).toEqual([
      ['persons', 'persons[2].scheme', 'NOT_UNDERSTOOD'],
      ['persons', 'span', 'NOT_UNDERSTOOD'],
      ['accumulatorEvents', 'HOME-2', 'BELOW_ZERO'],
      ['accumulatorEvents', 'HOME-4', 'UNKNOWN_PERSON'],
    ]);
    expect([await paid('good'), (await position('persons')).refused]).toEqual([600, 2]);
    expect(await database.copyStore.state()).toMatchObject([{ eventsWaiting: 1, eventsRefused: 1 }]);
    // The fund's next word on the person contains all of it.
    fund.members.enrol([simulatedPerson('good')]);
    await pull();
    expect(await database.copyStore.state()).toMatchObject([{ eventsWaiting: 0, eventsRefused: 0 }]);
  });

  it('stops asking while the breaker is open, each operation for itself, and never asks inside a transaction', async () => {
    const { pull, reader } = await begin({ ...NEVER, volumeThreshold: 3, resetMs: 60_000 });
    fund.setFaults({ errorRate: 1 });
    const codes: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) codes.push((await pull()).error?.code);
    expect(codes).toEqual(['PARTNER_FAILED', 'PARTNER_FAILED', 'PARTNER_FAILED', 'BREAKER_OPEN']);
    expect(breakers.states().map(({ operation, position }) => [operation, position])).toEqual([
      ['persons', 'open'],
      ['accumulator-events', 'open'],
    ]);
    await expect(insideTransaction(() => reader.persons(''))).rejects.toThrow('transaction is open');
  });

  it('is not kept for ever by a mark that does not move', async () => {
    const { deps } = await begin();
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end('{"persons":[],"events":[],"next":"same","more":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endings.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const reader = createFundReader({ region: SMALL_REGION, url: `http://127.0.0.1:${port}` }, breakers);
    await pullFeeds(deps, reader);
    expect(asked).toBe(4);
    expect((await position('persons')).lastError).toContain('behind the same mark');
  });

  it('has a fresh look at one person', async () => {
    const { deps, reader } = await begin();
    fund.members.enrol([simulatedPerson('p1')]);
    spend('p1', '3.00');
    expect(await lookAfresh(deps, reader, 'p1')).toBe(true);
    expect(await paid('p1')).toBe(800);
    expect(await lookAfresh(deps, reader, 'nobody')).toBe(false);
    fund.setFaults({ wrongAnswer: 'html' });
    await expect(lookAfresh(deps, reader, 'p1')).rejects.toMatchObject({ code: 'ANSWER_NOT_UNDERSTOOD' });
  });

  it('goes on by itself in a loop, of which one runs at a time', async () => {
    const { pull } = await begin();
    fund.members.enrol([simulatedPerson('p1')]);
    const newId = createIdSource(() => systemClock.now());
    const log = { info: () => undefined, warn: vi.fn() };
    const loop = () =>
      startPullLoop({ leases: database.leaseStore, clock: systemClock, newId, log, pull, everyMs: 5 }, SMALL_REGION);
    const loops = [loop(), loop()];
    await vi.waitFor(async () => expect(await paid('p1')).toBe(500));
    spend('p1', '1.00');
    await vi.waitFor(async () => expect(await paid('p1')).toBe(600));
    fund.setFaults({ down: true });
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalled());
    fund.setFaults({});
    spend('p1', '1.00');
    await vi.waitFor(async () => expect(await paid('p1')).toBe(700), { timeout: 5000 });
    expect(log.warn).toHaveBeenCalledTimes(1);
    await Promise.all(loops.map((one) => one.stop()));
  });
});
