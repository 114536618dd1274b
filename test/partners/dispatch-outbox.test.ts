import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { clearUpTo } from '../../src/app/clearing/run-clearing.ts';
import { createMessageSource } from '../../src/app/outbox/load-messages.ts';
import type { OutboxMessage } from '../../src/app/ports.ts';
import { reverseSettlement, type ReverseDeps } from '../../src/app/settlement/reverse-settlement.ts';
import { settleBills } from '../../src/app/settlement/settle-bills.ts';
import { formatFen } from '../../src/core/money/text.ts';
import type { Database } from '../../src/db/open-database.ts';
import { startDispatchLoop } from '../../src/jobs/dispatch-loop.ts';
import { createBreakers, type Breakers } from '../../src/partners/breakers.ts';
import { dispatchOutbox, type DispatchDeps } from '../../src/partners/dispatch-outbox.ts';
import { createFundClient } from '../../src/partners/fund-client.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { AppError } from '../../src/platform/errors.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { smallCommand } from '../support/bills.ts';
import { clearingPorts } from '../support/clearing.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { smallRulebook } from '../support/small-rules.ts';

const BASIC = `
benefits:
  outpatient:
    deductible: { form: yearly, amount: 100, accumulator: deducted }
    bands: { measure: afterDeductible, ratio: 0.80 }
`;
const rulebook = smallRulebook(BASIC);
const HOME = '320509';
const YEAR = '2026-01-01';
const BREAKER = { volumeThreshold: 3, errorThresholdPercentage: 50, windowMs: 10_000, resetMs: 100 };

describeEachDatabase('dispatching the outbox', (open) => {
  let database: Database;
  let clock: FakeClock;
  let settling: ReverseDeps;
  let breakers: Breakers;
  let bills = 0;
  const endings: (() => Promise<void>)[] = [];
  const newId = createIdSource(() => Date.now());

  beforeAll(async () => {
    database = await open();
  });

  /** A fresh fund, a fresh breaker, and nothing in the outbox. */
  async function begin({ timeoutMs = 500, region = HOME } = {}) {
    clock = fakeClock('2026-11-24 10:00');
    breakers = createBreakers(BREAKER);
    const { settlementStore: store, settlementQueries: queries, outboxStore } = database;
    settling = { store, queries, rulebook: () => rulebook, clock, newId };
    const left = await outboxStore.due(region, Number.MAX_SAFE_INTEGER, 10_000);
    await outboxStore.delivered(left);
    const fund = await startFundServer();
    endings.push(async () => {
      breakers.close();
      await fund.stop();
    });
    return { fund, deps: depsFor(region, fund.url, timeoutMs) };
  }

  function depsFor(region: string, url: string, timeoutMs = 500): DispatchDeps {
    const { settlementQueries: queries, clearingStore: clearing, outboxStore: outbox } = database;
    return {
      outbox,
      source: createMessageSource({ queries, clearing, rulebook: () => rulebook }),
      client: createFundClient({ region, url, timeoutMs }, breakers),
      clock,
      random: () => 1,
      limits: { backoffFirstMs: 1000, backoffMaxMs: 8000 },
    };
  }

  async function newPerson(): Promise<string> {
    const id = `p-${newId()}`;
    await database.personStore.importPersons([samplePerson(id)]);
    return id;
  }

  async function settle(person: string, amount = 50_000): Promise<string> {
    clock.advance(1);
    const [outcome] = await settleBills(settling, [smallCommand(`D-${process.pid}-${bills++}`, person, amount)]);
    if (outcome?.kind !== 'settled') throw new Error(`expected a settlement, got ${String(outcome?.kind)}`);
    return outcome.settlement.row.settlementId;
  }

  async function reverse(settlementId: string): Promise<void> {
    clock.advance(1);
    const command = { institutionId: 'H33042100001', settlementId, reason: 'entered twice' };
    expect((await reverseSettlement(settling, command)).kind).toBe('reversed');
  }

  async function undelivered(region = HOME): Promise<number> {
    const counts = (await database.outboxStore.pending()).filter(({ partnerRegion }) => partnerRegion === region);
    return counts.reduce((sum, { count }) => sum + count, 0);
  }

  /** A fund that cannot take one message, whatever comes with it. */
  function picky(deps: DispatchDeps, bad: string, code: 'PARTNER_REFUSED' | 'PARTNER_FAILED'): DispatchDeps['client'] {
    const error = new AppError(code, 'E-7', { status: 502, retryable: code === 'PARTNER_FAILED' });
    return {
      region: HOME,
      send: (messages) =>
        messages.some(({ messageId }) => messageId === bad) ? Promise.reject(error) : deps.client.send(messages),
    };
  }

  const deadLetters = () => database.outboxStore.deadLetters(HOME, '', 100);

  afterEach(async () => {
    for (const end of endings.splice(0)) await end();
  });

  it('tells the home fund of settlements and reversals: shares, and what the accumulators moved by', async () => {
    const { fund, deps } = await begin();
    const [kept, undone] = [await newPerson(), await newPerson()];
    await settle(kept, 50_000);
    await reverse(await settle(undone, 30_000));
    expect(await dispatchOutbox(deps)).toEqual({ delivered: 3, failed: 0, more: false, partnerDown: false });
    expect(fund.state()).toEqual({
      messages: { settlement: 2, reversal: 1, 'clearing-notice': 0 },
      duplicates: 0,
      outOfOrder: [],
      // (500 − 100) × 0.8; the other bill came to nothing in the end
      fundTotal: '320.00',
      account: '0.00',
      accumulators: { [kept]: { [YEAR]: { deducted: '100.00' } }, [undone]: { [YEAR]: { deducted: '0.00' } } },
      notices: [],
    });
    expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 0, failed: 0 });
  });

  it('brings both sides of a debt the same statement, each with its own position, and others neither', async () => {
    const { fund: owing, deps } = await begin();
    const [owed, apart] = [await startFundServer(), await startFundServer()];
    endings.push(owed.stop, apart.stop);
    await settle(await newPerson(), 50_000);
    const { businessDate } = await database.clearingStore.openWindow();
    const clearing = { ...clearingPorts(database), regions: [HOME, '330421', '310118'], clock };
    const [window] = await clearUpTo(clearing, businessDate);
    await dispatchOutbox(deps);
    await dispatchOutbox(depsFor('330421', owed.url));
    await dispatchOutbox(depsFor('310118', apart.url));

    const [statement] = await database.clearingStore.statements(window!.windowId);
    const yuan = formatFen(statement!.owed);
    const about = { windowId: window!.windowId, businessDate };
    const statements = [{ ...statement!, owed: yuan }];
    expect(owing.state().notices).toEqual([
      { ...about, position: { receivable: '0.00', payable: yuan, net: `-${yuan}` }, statements },
    ]);
    expect(owed.state().notices).toEqual([
      { ...about, position: { receivable: yuan, payable: '0.00', net: yuan }, statements },
    ]);
    expect(apart.state().notices).toEqual([
      { ...about, position: { receivable: '0.00', payable: '0.00', net: '0.00' }, statements: [] },
    ]);
  });

  it('keeps everything while the fund is down, then brings all of it once and in order per person', async () => {
    const { fund, deps } = await begin();
    const persons = await Promise.all(Array.from({ length: 12 }, newPerson));
    fund.setFaults({ down: true });
    for (let turn = 0; turn < 6; turn++) {
      for (const person of persons) {
        const settlementId = await settle(person, 1000 + turn);
        if (turn === 5) await reverse(settlementId);
      }
      clock.advance(10_000);
      expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 0, partnerDown: true });
    }
    expect(await undelivered()).toBe(84);
    expect(breakers.states()).toMatchObject([{ position: expect.stringMatching(/^(open|halfOpen)$/) as string }]);

    fund.setFaults({});
    await vi.waitFor(async () => {
      clock.advance(10_000);
      await dispatchOutbox(deps);
      expect(await undelivered()).toBe(0);
    });
    expect(breakers.states()).toMatchObject([{ position: 'closed' }]);
    expect(fund.state()).toMatchObject({
      messages: { settlement: 72, reversal: 12 },
      duplicates: 0,
      outOfOrder: [],
    });
    for (const person of persons) {
      expect(fund.state().accumulators[person]?.[YEAR]?.['deducted']).toBe(
        // five bills of 10.00 and a little, all under the deductible
        '50.10',
      );
    }
  });

  it('sends nothing while the breaker is open, and counts no attempt', async () => {
    const { fund, deps } = await begin();
    fund.setFaults({ down: true });
    for (let turn = 0; turn < 3; turn++) {
      await settle(await newPerson());
      await dispatchOutbox(deps);
    }
    await settle(await newPerson());
    expect(breakers.states()).toMatchObject([{ position: expect.stringMatching(/^(open|halfOpen)$/) as string }]);
    fund.setFaults({});
    expect(await dispatchOutbox(deps)).toEqual({ delivered: 0, failed: 0, more: false, partnerDown: true });
    const [fresh] = (await database.outboxStore.due(HOME, clock.now(), 10)).filter(({ attempts }) => attempts === 0);
    expect(fresh).toBeDefined();
    expect(fund.state().messages.settlement).toBe(0);
  });

  it('waits longer after each failure, up to a cap', async () => {
    const { fund, deps } = await begin();
    fund.setFaults({ errorRate: 1 });
    await settle(await newPerson());
    const waits: number[] = [];
    const outbox: DispatchDeps['outbox'] = {
      ...deps.outbox,
      async failed(messages, failure) {
        expect(failure.reason).toBe('PARTNER_FAILED: 320509 answered 500: FUND_BUSY, the fund has trouble');
        waits.push(failure.nextAttemptAtMs - clock.now());
        await deps.outbox.failed(messages, failure);
      },
    };
    for (let turn = 0; turn < 6; turn++) {
      // A breaker of its own for each turn: here it is the message that waits.
      const client = createFundClient({ region: HOME, url: fund.url }, createBreakers(BREAKER));
      const random = (): number => turn % 2;
      await dispatchOutbox({ ...deps, outbox, client, random });
      await dispatchOutbox({ ...deps, outbox, client });
      clock.advance(8000);
    }
    // Half of each wait is certain, the other half left to chance: here all of it in every second turn.
    expect(waits).toEqual([500, 2000, 2000, 8000, 4000, 8000]);
  });

  it('lets a bad message hold back its own person only', async () => {
    const { fund, deps } = await begin();
    const [bad, good] = [await newPerson(), await newPerson()];
    const poisoned = await settle(bad, 40_000);
    await settle(bad, 20_000);
    await settle(good, 30_000);
    const client = picky(deps, poisoned, 'PARTNER_FAILED');
    for (let turn = 0; turn < 4; turn++) {
      await dispatchOutbox({ ...deps, client });
      clock.advance(10_000);
    }
    expect(fund.state().messages.settlement).toBe(1);
    expect(Object.keys(fund.state().accumulators)).toEqual([good]);
    await dispatchOutbox(deps);
    await dispatchOutbox(deps);
    expect(fund.state()).toMatchObject({ messages: { settlement: 3 }, outOfOrder: [] });
  });

  it('gives up a message that is refused again and again, and what is behind it waits for a person', async () => {
    const { fund, deps } = await begin();
    const person = await newPerson();
    const bad = await settle(person, 40_000);
    await settle(person, 20_000);
    const client = picky(deps, bad, 'PARTNER_REFUSED');
    for (let turn = 0; turn < 4; turn++) {
      await dispatchOutbox({ ...deps, client });
      clock.advance(10_000);
    }
    expect(await deadLetters()).toMatchObject(
      [{ messageId: bad, attempts: 3, strikes: 3, holdsBack: 1, reason: 'PARTNER_REFUSED: E-7' }].map((letter) => ({
        ...letter,
        reason: expect.stringMatching(letter.reason) as string,
      })),
    );
    await settle(await newPerson());
    expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 1, failed: 0 });

    const decision = { messageId: bad, region: HOME, by: 'wang', reason: 'corrected there', atMs: clock.now() };
    expect(await database.outboxStore.decide({ ...decision, action: 'resend' })).toBe(true);
    await dispatchOutbox(deps);
    await dispatchOutbox(deps);
    expect(fund.state()).toMatchObject({ messages: { settlement: 3 }, outOfOrder: [] });
  });

  it('takes a failing message for the culprit only when others go through', async () => {
    const { deps } = await begin();
    const bad = await settle(await newPerson(), 40_000);
    const limits = { backoffFirstMs: 1000, backoffMaxMs: 1000, strikesMax: 4 };
    const client = picky(deps, bad, 'PARTNER_FAILED');
    for (let turn = 0; turn < 12; turn++) {
      await dispatchOutbox({ ...deps, client, limits });
      clock.advance(1000);
    }
    expect(await deadLetters()).toEqual([]);
    for (let turn = 0; turn < 4; turn++) {
      expect(await deadLetters()).toEqual([]);
      await settle(await newPerson());
      // Requests one after the other: the culprit first, then one that goes through.
      await dispatchOutbox({ ...deps, client, limits: { ...limits, requestsMax: 1 } });
      clock.advance(1000);
    }
    const [letter, ...others] = await deadLetters();
    expect(letter).toMatchObject({ messageId: bad, strikes: 4 });
    expect(others).toEqual([]);
    await database.outboxStore.decide({
      messageId: bad,
      region: undefined,
      action: 'discard',
      by: 'wang',
      reason: 'entered by hand',
      atMs: 1,
    });
  });

  it('makes no dead letter of an outage, however long, and waits no longer when it is over', async () => {
    const { fund, deps } = await begin();
    fund.setFaults({ down: true });
    const persons = await Promise.all(Array.from({ length: 5 }, newPerson));
    for (const person of persons) await settle(person);
    const down = { ...deps, limits: { backoffFirstMs: 1000, backoffMaxMs: 600_000, strikesMax: 2 } };
    for (let turn = 0; turn < 30; turn++) {
      const client = createFundClient({ region: HOME, url: fund.url }, createBreakers(BREAKER));
      await dispatchOutbox({ ...down, client });
      clock.advance(600_000);
    }
    expect(await deadLetters()).toEqual([]);
    fund.setFaults({});
    const client = createFundClient({ region: HOME, url: fund.url }, createBreakers(BREAKER));
    await dispatchOutbox({ ...down, client });
    await dispatchOutbox({ ...down, client });
    expect(await undelivered()).toBe(0);
    expect(fund.state()).toMatchObject({ messages: { settlement: 5 }, duplicates: 0 });
  });

  it('keeps several requests on their way, never two of one person', async () => {
    const { fund, deps } = await begin({ timeoutMs: 5000 });
    const persons = await Promise.all(Array.from({ length: 40 }, newPerson));
    for (let turn = 0; turn < 3; turn++) for (const person of persons) await settle(person, 1000 + turn);
    const inFlight = new Map<object, string[]>();
    let most = 0;
    const client: DispatchDeps['client'] = {
      region: HOME,
      async send(messages) {
        inFlight.set(
          messages,
          messages.map((message) => message['personId'] as string),
        );
        most = Math.max(most, inFlight.size);
        const keys = [...inFlight.values()].flat();
        expect(new Set(keys).size).toBe(keys.length);
        try {
          return await deps.client.send(messages);
        } finally {
          inFlight.delete(messages);
        }
      },
    };
    expect(await dispatchOutbox({ ...deps, client, limits: { batchMax: 10, requestsMax: 3 } })).toMatchObject({
      delivered: 120,
    });
    expect(most).toBe(3);
    expect(fund.state()).toMatchObject({ messages: { settlement: 120 }, duplicates: 0, outOfOrder: [] });
  });

  it('lets fresh messages of other persons through while a backlog drains', async () => {
    const { fund, deps } = await begin();
    const persons = await Promise.all(Array.from({ length: 10 }, newPerson));
    for (let turn = 0; turn < 12; turn++) for (const person of persons) await settle(person, 1000 + turn);
    const fresh = [await newPerson(), await newPerson()];
    const freshIds = [await settle(fresh[0]!), await settle(fresh[1]!)];
    const small = { ...deps, limits: { roundMax: 20, batchMax: 10, requestsMax: 2 } };
    expect(await dispatchOutbox(small)).toMatchObject({ delivered: 22, more: true });
    expect(Object.keys(fund.state().accumulators)).toEqual(expect.arrayContaining(fresh));
    expect(await undelivered()).toBe(100);
    expect(freshIds).toHaveLength(2);
    while ((await dispatchOutbox(small)).more);
    expect(await undelivered()).toBe(0);
    expect(fund.state()).toMatchObject({ duplicates: 0, outOfOrder: [] });
  });

  it('takes what the fund accepted of a batch and sends the rest again', async () => {
    const { fund, deps } = await begin();
    const ids = [await settle(await newPerson()), await settle(await newPerson())];
    const client: DispatchDeps['client'] = {
      region: HOME,
      async send(messages) {
        const { accepted } = await deps.client.send(messages.slice(0, 1));
        return { accepted, problem: { code: 'E-1', message: 'one at a time' } };
      },
    };
    expect(await dispatchOutbox({ ...deps, client })).toMatchObject({ delivered: 1, failed: 1, partnerDown: false });
    clock.advance(1000);
    expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 1 });
    expect(fund.state().messages.settlement).toBe(ids.length);
  });

  it('may send twice when it dies before it notes the delivery; the fund takes it once', async () => {
    const { fund, deps } = await begin();
    const person = await newPerson();
    await settle(person, 50_000);
    const outbox = { ...deps.outbox, delivered: () => Promise.reject(new RangeError('died')) };
    await expect(dispatchOutbox({ ...deps, outbox })).rejects.toThrow('died');
    expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 1 });
    expect(fund.state()).toMatchObject({ messages: { settlement: 1 }, duplicates: 1, fundTotal: '320.00' });
  });

  it('keeps messages when a proxy answers for the fund with a page', async () => {
    const { deps } = await begin();
    const proxy = createServer((_request, response) => response.end('<html>soon back</html>'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    endings.push(async () => void proxy.close());
    await settle(await newPerson());
    const { port } = proxy.address() as AddressInfo;
    const behindProxy = depsFor(HOME, `http://127.0.0.1:${port}`);
    expect(await dispatchOutbox(behindProxy)).toEqual({ delivered: 0, failed: 1, more: false, partnerDown: true });
    clock.advance(1000);
    expect(await dispatchOutbox(deps)).toMatchObject({ delivered: 1 });
  });

  it('notes a message about something that is not stored, and goes on', async () => {
    const { fund, deps } = await begin();
    await settle(await newPerson());
    const errors: string[] = [];
    const lost: OutboxMessage = {
      messageId: 'lost',
      partnerRegion: HOME,
      topic: 'settlement',
      subjectId: 'gone',
      orderKey: 'gone',
      createdAtMs: 0,
    };
    const outbox: DispatchDeps['outbox'] = {
      ...deps.outbox,
      due: async (...query) => [{ ...lost, attempts: 1, strikes: 0 }, ...(await deps.outbox.due(...query))],
      failed: async (_messages, { reason }) => void errors.push(reason),
    };
    expect(await dispatchOutbox({ ...deps, outbox })).toMatchObject({ delivered: 1, failed: 1 });
    expect(errors).toEqual(['SUBJECT_MISSING: what the message is about is not stored']);
    expect(fund.state().messages.settlement).toBe(1);
  });

  it('lets a silent fund slow no other', async () => {
    const { fund: silent, deps: silentDeps } = await begin({ timeoutMs: 1500 });
    silent.setFaults({ silent: true });
    const quick = await startFundServer();
    endings.push(() => quick.stop());
    await settle(await newPerson());
    // Messages for the other county: it is told of five more days.
    for (let day = 0; day < 5; day++) {
      const { businessDate } = await database.clearingStore.openWindow();
      const evening = { now: () => Date.parse(`${businessDate}T23:00:00+08:00`) };
      await clearUpTo({ ...clearingPorts(database), regions: ['330421'], clock: evening }, businessDate);
    }

    let silentRounds = 0;
    const { leaseStore: leases } = database;
    const log = { info: () => undefined, warn: () => undefined };
    const loopDeps = { leases, clock: systemClock, newId, log, pauses: { busyMs: 5, downMs: 5 } };
    const quickDeps = { ...depsFor('330421', quick.url), clock: systemClock };
    const loops = [
      startDispatchLoop(
        { ...loopDeps, dispatch: (signal) => dispatchOutbox(silentDeps, signal).finally(() => silentRounds++) },
        HOME,
      ),
      startDispatchLoop({ ...loopDeps, dispatch: (signal) => dispatchOutbox(quickDeps, signal) }, '330421'),
    ];
    await vi.waitFor(() => expect(quick.state().notices.length).toBeGreaterThanOrEqual(5), { interval: 5 });
    expect(silentRounds).toBe(0);
    await Promise.all(loops.map((loop) => loop.stop()));
    expect(silentRounds).toBe(1);
    expect(await undelivered()).toBeGreaterThanOrEqual(1);
    const days = quick.state().notices.map(({ businessDate }) => businessDate);
    expect(days).toEqual(days.toSorted());
  });
});

it('the simulated fund refuses what the contract does not know, and takes its faults over HTTP', async () => {
  const fund: FundServer = await startFundServer();
  const post = async (path: string, body: string): Promise<[number, unknown]> => {
    const response = await fetch(fund.url + path, { method: 'POST', body });
    return [response.status, await response.json()];
  };
  expect(await post('/messages', '{"messages":[{"messageId":"1"}]}')).toMatchObject([400, { code: 'BAD_MESSAGE' }]);
  expect(await post('/messages', 'not json')).toMatchObject([400, { code: 'BAD_MESSAGE' }]);
  expect(await post('/faults', '{"late":1}')).toMatchObject([400, {}]);
  expect(await post('/faults', '{"errorRate":1}')).toMatchObject([200, { errorRate: 1, down: false }]);
  expect(await post('/messages', '{"messages":[]}')).toMatchObject([500, { code: 'FUND_BUSY' }]);
  const state = await fetch(`${fund.url}/state`);
  expect(await state.json()).toEqual(fund.state());
  await fund.stop();
});
