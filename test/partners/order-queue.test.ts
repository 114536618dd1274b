import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PendingMessage } from '../../src/app/outbox/ports.ts';
import { createOrderQueue } from '../../src/partners/order-queue.ts';

function message(messageId: string, orderKey: string, attempts = 0): PendingMessage {
  return {
    messageId,
    orderKey,
    attempts,
    strikes: 0,
    partnerRegion: '330421',
    topic: 'settlement',
    subjectId: messageId,
    createdAtMs: 0,
  };
}

const idsOf = (batch: readonly PendingMessage[]): string[] => batch.map(({ messageId }) => messageId);

const messages = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), attempts: fc.constantFrom(0, 0, 0, 1, 3) }), {
    maxLength: 200,
  })
  .map((made) => made.map(({ key, attempts }, at) => message(`m${at}`, key, attempts)));

describe('the queue of a round', () => {
  it('by hand: one of each key at a time, what failed before alone', () => {
    const [a1, b1, a2, c1] = [message('1', 'a'), message('2', 'b'), message('3', 'a'), message('4', 'c', 2)];
    const queue = createOrderQueue([a1, b1, a2, c1], 100);
    expect(idsOf(queue.next())).toEqual(['4']);
    expect(idsOf(queue.next())).toEqual(['1', '2']);
    expect(queue.next()).toEqual([]);
    queue.heldBack(b1);
    queue.taken(a1);
    expect(idsOf(queue.next())).toEqual(['3']);
    queue.taken(a2);
    queue.taken(c1);
    expect(queue.next()).toEqual([]);
  });

  it('holds so many in a batch at most', () => {
    const queue = createOrderQueue(
      Array.from({ length: 250 }, (_, at) => message(`m${at}`, `key ${at}`)),
      100,
    );
    expect([queue.next(), queue.next(), queue.next(), queue.next()].map(({ length }) => length)).toEqual([
      100, 100, 50, 0,
    ]);
  });

  it('hands out each message once, in order per key, and never two of a key at the same time', () => {
    const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        messages,
        outcomes,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (due, oks, max, width) => {
          const queue = createOrderQueue(due, max);
          const sent: PendingMessage[] = [];
          const heldBack = new Set<string>();
          const inFlight: (readonly PendingMessage[])[] = [];
          let turn = 0;
          for (;;) {
            const batch = inFlight.length < width ? queue.next() : [];
            if (batch.length > 0) {
              expect(batch.length).toBeLessThanOrEqual(max);
              if (batch.some(({ attempts }) => attempts > 0)) expect(batch).toHaveLength(1);
              sent.push(...batch);
              inFlight.push(batch);
              const keys = inFlight.flat().map(({ orderKey }) => orderKey);
              expect(new Set(keys).size).toBe(keys.length);
              continue;
            }
            const back = inFlight.splice(turn % Math.max(1, inFlight.length), 1)[0];
            if (back === undefined) break;
            for (const one of back) {
              turn += 1;
              if (oks[turn % oks.length] === true) queue.taken(one);
              else {
                heldBack.add(one.orderKey);
                queue.heldBack(one);
              }
            }
          }
          for (const key of ['a', 'b', 'c', 'd', 'e']) {
            const ofKey = ({ orderKey }: PendingMessage): boolean => orderKey === key;
            const [all, out] = [due.filter(ofKey), sent.filter(ofKey)];
            expect(out).toEqual(all.slice(0, out.length));
            if (!heldBack.has(key)) expect(out).toHaveLength(all.length);
          }
        },
      ),
    );
  });
});
