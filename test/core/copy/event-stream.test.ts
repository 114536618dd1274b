import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { move, negated, type BalanceChange, type Balances } from '../../../src/core/copy/balances.ts';
import { EventStream, type KnownEvent, type SpendingEvent } from '../../../src/core/copy/event-stream.ts';

const NOTHING: Balances = { accumulators: {}, accounts: { current: 100, carried: 0 } };

function change(value: number, name = 'paid', current = 0): BalanceChange {
  return { accumulators: [{ bucket: '2026-01-01', name, change: value }], accounts: { current, carried: 0 } };
}

function event(sequence: number, moved = change(sequence), eventId = `e${sequence}`): SpendingEvent {
  return { eventId, personId: 'p', sequence, change: moved, occurredAtMs: 0, contentHash: JSON.stringify(moved) };
}

/** Takes events in batches as a store would: what is known by id is what was stored before. */
function run(batches: readonly (readonly SpendingEvent[])[], start = NOTHING) {
  let [position, balances] = [0, start];
  const stored = new Map<string, KnownEvent>();
  const outcomes: string[] = [];
  for (const batch of batches) {
    const stream = new EventStream(position, balances, [...stored.values()]);
    const taken = batch.map((one) => stream.take(one, stored.get(one.eventId)));
    stream.settle();
    batch.forEach((one, at) => outcomes.push((taken[at] ?? stream.outcomeOf(one)).kind));
    for (const one of stream.changed) stored.set(one.eventId, one);
    ({ position, balances } = stream);
  }
  return { position, balances, outcomes, stored };
}

describe('a stream of events', () => {
  it('applies what follows on, holds what is early, and lets a repeat change nothing', () => {
    const { outcomes, balances, position } = run([
      [event(2)],
      [event(2)],
      [event(1)],
      [event(2), event(1)],
      [event(3)],
    ]);
    expect(outcomes).toEqual(['waiting', 'waiting', 'applied', 'repeat', 'repeat', 'applied']);
    expect(balances.accumulators).toEqual({ '2026-01-01': { paid: 6 } });
    expect(position).toBe(3);
  });

  it('refuses another content under an id or a sequence, whether the first waits or was applied', () => {
    expect(run([[event(1)], [event(1, change(9))]]).outcomes).toEqual(['applied', 'conflict']);
    expect(run([[event(2)], [event(2, change(9))]]).outcomes).toEqual(['waiting', 'conflict']);
    expect(run([[event(1)], [event(1, change(1), 'other')]]).outcomes).toEqual(['applied', 'conflict']);
    expect(run([[event(2)], [event(2, change(2), 'other')]]).outcomes).toEqual(['waiting', 'conflict']);
    expect(run([[event(20_000)]]).outcomes).toEqual(['tooFarAhead']);
  });

  it('stops at what runs below 0 until its place is taken by something right', () => {
    const { outcomes, balances, position } = run([
      [event(1), event(2, change(-5)), event(3)],
      [event(2, change(4), 'right')],
    ]);
    expect(outcomes).toEqual(['applied', 'belowZero', 'waiting', 'applied']);
    expect([balances.accumulators['2026-01-01'], position]).toEqual([{ paid: 8 }, 3]);
    const account = run([[event(1, change(1, 'paid', -101))]]);
    expect([account.outcomes, account.balances, account.stored.get('e1')?.reason]).toEqual([
      ['belowZero'],
      NOTHING,
      'accounts.current',
    ]);
  });

  it('comes to the same in whatever order and however often events arrive', () => {
    const plan = fc.array(fc.record({ value: fc.integer({ min: -3, max: 9 }), name: fc.constantFrom('a', 'b') }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        plan,
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat(), { maxLength: 12 }),
        (changes, chance, again) => {
          const events = changes.map(({ value, name }, at) => event(at + 1, change(value, name)));
          const inOrder = run(events.map((one) => [one]));
          const all = [...events, ...again.flatMap((at) => events[at % (events.length || 1)] ?? [])];
          const shuffled = all
            .map((one) => ({ one, key: Number(chance.next().value) }))
            .sort((left, right) => left.key - right.key)
            .map(({ one }) => one);
          const batches = Array.from({ length: Math.ceil(shuffled.length / 3) }, (_, at) =>
            shuffled.slice(at * 3, at * 3 + 3),
          );
          const mixed = run(batches);
          expect([mixed.position, mixed.balances]).toEqual([inOrder.position, inOrder.balances]);
        },
      ),
    );
  });
});

describe('a snapshot', () => {
  const snapshot = (paid: number, sequence: number) => ({
    balances: { accumulators: { '2026-01-01': { paid } }, accounts: { current: 50, carried: 0 } },
    sequence,
  });

  it('keeps what was applied after it and what the engine moved by itself', () => {
    const { position, balances, stored } = run([[event(1), event(2), event(3)]]);
    const stream = new EventStream(position, balances, [...stored.values()]);
    expect(stream.restart(snapshot(100, 1), [change(7, 'paid', -20)]).kind).toBe('moved');
    expect([stream.position, stream.balances]).toEqual([
      3,
      { accumulators: { '2026-01-01': { paid: 112 } }, accounts: { current: 30, carried: 0 } },
    ]);
  });

  it('closes a gap that it contains, and lets what waited beyond it go on', () => {
    const { position, balances, stored } = run([[event(3), event(5)]]);
    const stream = new EventStream(position, balances, [...stored.values()]);
    stream.restart(snapshot(100, 4), []);
    stream.settle();
    expect([stream.position, stream.balances.accumulators]).toEqual([5, { '2026-01-01': { paid: 105 } }]);
    expect(stream.changed.map(({ sequence, state }) => [sequence, state])).toEqual([
      [3, 'contained'],
      [5, 'applied'],
    ]);
    expect(stream.take(event(4), undefined)).toEqual({ kind: 'contained' });
  });

  it('is refused when it is older than one whose events are not known one by one, or would leave less than nothing', () => {
    const stream = new EventStream(4, NOTHING, []);
    expect(stream.restart(snapshot(100, 3), [])).toEqual({ kind: 'outdated' });
    expect(stream.restart(snapshot(100, 4), [change(0, 'paid', -51)])).toEqual({
      kind: 'belowZero',
      what: 'accounts.current',
    });
    expect([stream.position, stream.balances]).toEqual([4, NOTHING]);
  });

  it('undone is as if it had not been', () => {
    const moved = move(NOTHING, [change(5, 'paid', -3), negated(change(5, 'paid', -3))]);
    expect(moved).toEqual({ kind: 'moved', balances: { ...NOTHING, accumulators: { '2026-01-01': {} } } });
  });
});
