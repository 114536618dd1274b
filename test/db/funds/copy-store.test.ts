import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { applyAccumulatorEvents } from '../../../src/app/funds/apply-accumulator-events.ts';
import type { EventText, PersonCopy } from '../../../src/app/funds/ports.ts';
import { takePersons } from '../../../src/app/funds/take-persons.ts';
import { reverseSettlement } from '../../../src/app/settlement/reverse-settlement.ts';
import { settleBills } from '../../../src/app/settlement/settle-bills.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { createIdSource } from '../../../src/platform/ids.ts';
import { smallCommand } from '../../support/bills.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { samplePerson } from '../../support/settlement-samples.ts';
import { SMALL_REGION, smallRulebook } from '../../support/small-rules.ts';

const OF_LAW = 'source: a decree, provenance: sourced';
const rules = smallRulebook(`
accumulators:
  expense: { counts: expense, of: [outpatient] }
  paid: { counts: paid, of: [outpatient] }
  stays: { counts: admissions, of: [outpatient] }
benefits:
  outpatient: { bands: { ratio: [ { from: 1900-01-01, value: 0.80, ${OF_LAW} } ] } }
accounts:
  - { purse: current, benefits: [outpatient], pays: [coinsurance], ${OF_LAW} }
`);
const YEAR = '2026-01-01';
const NOW_MS = Date.UTC(2026, 10, 20, 4);
const clock = { now: () => NOW_MS };

function event(personId: string, sequence: number, change = '1.00', changes: Partial<EventText> = {}): EventText {
  return {
    eventId: `${personId}-${sequence}`,
    personId,
    sequence,
    accumulators: [{ bucket: YEAR, name: 'expense', change }],
    occurredAt: '2026-11-20T09:00:00.000+08:00',
    ...changes,
  };
}

describeEachDatabase('the copy', (open) => {
  let database: Database;
  let ids = 0;

  beforeAll(async () => {
    database = await open({ connections: 8 });
  });

  const rulebook = () => rules;
  const newId = createIdSource(() => NOW_MS + (ids += 1));
  const settleDeps = () => ({
    store: database.settlementStore,
    queries: database.settlementQueries,
    rulebook,
    clock,
    newId,
  });
  const apply = (events: readonly EventText[], region = SMALL_REGION) =>
    applyAccumulatorEvents({ copies: database.copyStore, rulebook, clock }, region, events);
  const take = (copies: readonly PersonCopy[], region = SMALL_REGION) =>
    takePersons({ copies: database.copyStore, rulebook, clock }, region, copies);

  async function settle(personId: string, billNumber: string, amount = 1000): Promise<string> {
    const [outcome] = await settleBills(settleDeps(), [smallCommand(billNumber, personId, amount)]);
    if (outcome?.kind !== 'settled') throw new Error(JSON.stringify(outcome));
    return outcome.settlement.row.settlementId;
  }

  function copyOf(id: string, balances?: Partial<PersonCopy['balances']>, asOfMs = NOW_MS): PersonCopy {
    const { person } = samplePerson(id, { registrations: [] });
    const none = { contains: { eventSequence: 0, lastAdvice: undefined }, accounts: { current: 0, carried: 0 } };
    return {
      person,
      asOfMs,
      balances: balances === undefined ? undefined : { ...none, accumulators: {}, ...balances },
    };
  }

  const find = async (id: string) => (await database.personStore.find(id))!;
  const amountsOf = async (id: string) => (await find(id)).accumulators[YEAR] ?? {};

  it('applies events in order, holds early ones and refuses by name what cannot be', async () => {
    await database.personStore.importPersons([samplePerson('a'), samplePerson('b')]);
    const outcomes = await apply([
      event('a', 1),
      event('a', 3, '4.00'),
      event('nobody', 1),
      event('b', 1, '1.00', { accumulators: [{ bucket: YEAR, name: 'unheardOf', change: '1.00' }] }),
      event('a', 1, '9.00'),
      event('a', 2, '1.00', { eventId: 'a-1' }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'applied',
      'waiting',
      'unknownPerson',
      'notUnderstood',
      'conflict',
      'conflict',
    ]);
    expect(await amountsOf('a')).toEqual({ expense: 100 });
    expect((await apply([event('a', 2, '-0.50'), event('a', 3, '4.00')])).map(({ kind }) => kind)).toEqual([
      'applied',
      'applied',
    ]);
    expect(await amountsOf('a')).toEqual({ expense: 450 });
    expect((await apply([event('a', 1), event('a', 2, '-0.50')])).map(({ kind }) => kind)).toEqual([
      'repeat',
      'repeat',
    ]);
    expect(await apply([event('a', 4)], '310118')).toMatchObject([{ kind: 'unknownPerson' }]);
    expect(await amountsOf('a')).toEqual({ expense: 450 });
  });

  it('lets nothing run below 0, and goes on when a right event takes the place', async () => {
    await database.personStore.importPersons([samplePerson('c'), samplePerson('d')]);
    const [down, later, other] = await apply([event('c', 1, '-1.00'), event('c', 2, '3.00'), event('d', 1)]);
    expect([down, later?.kind, other?.kind]).toEqual([
      { eventId: 'c-1', kind: 'belowZero', what: `${YEAR}/expense` },
      'waiting',
      'applied',
    ]);
    expect(await amountsOf('c')).toEqual({});
    expect(await database.copyStore.state()).toMatchObject([{ eventsWaiting: 1, eventsRefused: 1 }]);
    await apply([event('c', 1, '2.00', { eventId: 'c-right' })]);
    expect(await amountsOf('c')).toEqual({ expense: 500 });
    expect(await database.copyStore.state()).toMatchObject([{ eventsWaiting: 0, eventsRefused: 0 }]);
  });

  it('counts heads as heads and draws the account', async () => {
    await database.personStore.importPersons([samplePerson('h')]);
    const accumulators = [{ bucket: YEAR, name: 'stays', change: '1' }];
    const accounts = { current: '-12.00', carried: '0.00' };
    expect(await apply([event('h', 1, '', { accumulators, accounts })])).toMatchObject([{ kind: 'applied' }]);
    const { accounts: left, accumulators: now } = await find('h');
    expect([left.current, now]).toEqual([1_000_000 - 1200, { [YEAR]: { stays: 1 } }]);
    const broken = [{ bucket: YEAR, name: 'stays', change: '1.00' }];
    expect(await apply([event('h', 2, '', { accumulators: broken })])).toMatchObject([{ kind: 'notUnderstood' }]);
    for (const bucket of ['2026-02-01', 'M07801/2026-01-01', '2026', '']) {
      const wrong = [{ bucket, name: 'stays', change: '1' }];
      expect(await apply([event('h', 2, '', { accumulators: wrong })])).toMatchObject([{ kind: 'notUnderstood' }]);
    }
  });

  it('makes a person with balances, and replaces them by a newer copy only', async () => {
    const accumulators = { [YEAR]: { expense: 700 } };
    const accounts = { current: 300, carried: 5 };
    expect(await take([copyOf('new', { accumulators, accounts })])).toEqual([
      { personId: 'new', kind: 'taken', created: true },
    ]);
    expect(await find('new')).toMatchObject({ accumulators, accounts });
    expect(await database.copyStore.asOf('new')).toBe(NOW_MS);
    expect(await take([copyOf('new', { accounts: { current: 1, carried: 1 } }, NOW_MS - 1)])).toMatchObject([
      { kind: 'outdated' },
    ]);
    expect(await take([copyOf('new')], '310118')).toMatchObject([{ kind: 'foreign' }]);
    expect(await find('new')).toMatchObject({ accumulators, accounts });
    expect(await take([copyOf('new')])).toMatchObject([{ kind: 'taken', created: false }]);
    expect(await find('new')).toMatchObject({ accumulators, accounts });
    await take([copyOf('plain')]);
    expect(await find('plain')).toMatchObject({ accumulators: {}, accounts: { current: 0, carried: 0 } });
    expect(await database.copyStore.asOf('none')).toBeUndefined();
  });

  it('adds to a fund’s balances what it settled after the last advice in them, and later events', async () => {
    await take([copyOf('s', { accounts: { current: 10_000, carried: 0 } })]);
    const first = await settle('s', 'S-1');
    const second = await settle('s', 'S-2');
    await apply([event('s', 1, '0.10'), event('s', 2, '0.01')]);
    await reverseSettlement(settleDeps(), {
      institutionId: smallCommand('S-2', 's', 1000).institution.id,
      settlementId: second,
      reason: 'wrong person',
    });
    const third = await settle('s', 'S-3', 500);
    const before = await find('s');
    expect(before.accumulators).toEqual({ [YEAR]: { expense: 1511, paid: 1200 } });
    expect(before.accounts.current).toBe(10_000 - 300);

    // What a fund has that got the first advice and the first event.
    const theirs = {
      accumulators: { [YEAR]: { expense: 1010, paid: 800 } },
      accounts: { current: 9800, carried: 0 },
      contains: { eventSequence: 1, lastAdvice: first },
    };
    expect(await take([copyOf('s', theirs)])).toMatchObject([{ kind: 'taken' }]);
    expect(await find('s')).toEqual(before);
    // One that got none has nothing in it.
    const none = { accounts: { current: 10_000, carried: 0 }, contains: { eventSequence: 0, lastAdvice: undefined } };
    await take([copyOf('s', none)]);
    expect(await find('s')).toEqual(before);
    // One that got everything and knows of more.
    const all = {
      accumulators: { [YEAR]: { expense: 2011, paid: 1200 } },
      accounts: { current: 9000, carried: 0 },
      contains: { eventSequence: 3, lastAdvice: third },
    };
    await take([copyOf('s', all)]);
    expect(await find('s')).toMatchObject({ accumulators: all.accumulators, accounts: { current: 9000 } });
    expect(await apply([event('s', 3, '5.00')])).toMatchObject([{ kind: 'contained' }]);
    expect(await take([copyOf('s', theirs)])).toMatchObject([{ kind: 'outdatedBalances' }]);
    const unknown = { contains: { eventSequence: 3, lastAdvice: '0nobody' } };
    expect(await take([copyOf('s', unknown)])).toMatchObject([{ kind: 'unknownAdvice' }]);
    const poor = { contains: { eventSequence: 3, lastAdvice: first } };
    expect(await take([copyOf('s', poor)])).toMatchObject([{ kind: 'belowZero', what: 'accounts.current' }]);
    expect(await find('s')).toMatchObject({ accumulators: all.accumulators, accounts: { current: 9000 } });
  });

  it('makes each person once when many feed and settle at the same time', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `n${at}`);
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const order = writer % 2 === 0 ? names : [...names].reverse();
        await take(order.map((id) => copyOf(id, { accounts: { current: 5000, carried: 0 } })));
        for (const id of order) await settle(id, `N-${writer}-${id}`, 100);
      }),
    );
    for (const id of names) {
      expect(await find(id)).toMatchObject({
        accumulators: { [YEAR]: { expense: 800, paid: 640 } },
        accounts: { current: 5000 - 160 },
      });
    }
  });

  it('comes to the in-order balances whatever is repeated or swapped, with eight writers who also settle', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    let round = 0;
    const plan = fc.record({
      changes: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 20 }),
      copies: fc.array(fc.nat({ max: 1000 }), { maxLength: 20 }),
      keys: fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ changes, copies, keys }) => {
        round += 1;
        const persons = [`x${round}a`, `x${round}b`, `x${round}c`];
        await database.personStore.importPersons(persons.map((id) => samplePerson(id)));
        const events = persons.flatMap((id) =>
          changes.map((fen, at) => event(id, at + 1, `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`)),
        );
        const work = [
          ...events.map((one) => () => apply([one])),
          ...copies.map((at) => () => apply([events[at % events.length]!, events[(at + 1) % events.length]!])),
          ...persons.flatMap((id) => [1, 2].map((bill) => () => settle(id, `X-${id}-${bill}`))),
        ]
          .map((step, at) => ({ step, key: keys[at % keys.length]! }))
          .sort((left, right) => left.key - right.key);
        await Promise.all(
          Array.from({ length: 8 }, async (_, writer) => {
            for (let at = writer; at < work.length; at += 8) await work[at]!.step();
          }),
        );
        const sum = changes.reduce((total, fen) => total + fen, 0);
        for (const id of persons) expect(await amountsOf(id)).toEqual({ expense: sum + 2000, paid: 1600 });
      }),
      { numRuns: 5, seed },
    );
  });
});
