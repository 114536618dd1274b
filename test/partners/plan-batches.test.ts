import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PendingMessage } from '../../src/app/ports.ts';
import { planBatches } from '../../src/partners/dispatch-outbox.ts';

function message(messageId: string, orderKey: string, attempts = 0): PendingMessage {
  return {
    messageId,
    orderKey,
    attempts,
    partnerRegion: '330421',
    topic: 'settlement',
    subjectId: messageId,
    createdAtMs: 0,
  };
}

const messages = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), attempts: fc.constantFrom(0, 0, 0, 1, 3) }), {
    maxLength: 300,
  })
  .map((made) => made.map(({ key, attempts }, at) => message(`m${at}`, key, attempts)));

describe('batches of messages', () => {
  it('by hand: one of each key, what failed before alone', () => {
    const due = [message('1', 'a'), message('2', 'b'), message('3', 'a'), message('4', 'c', 2), message('5', 'd')];
    const ids = planBatches(due).map((batch) => batch.map(({ messageId }) => messageId));
    expect(ids).toEqual([['1', '2', '5'], ['3'], ['4']]);
  });

  it('hold a hundred at most', () => {
    const due = Array.from({ length: 250 }, (_, at) => message(`m${at}`, `key ${at}`));
    expect(planBatches(due).map((batch) => batch.length)).toEqual([100, 100, 50]);
  });

  it('hold every message once, in order per key, one of a key in each', () => {
    fc.assert(
      fc.property(messages, (due) => {
        const batches = planBatches(due);
        expect(batches.flat().length).toBe(due.length);
        expect(batches.every((batch) => batch.length > 0)).toBe(true);
        for (const key of ['a', 'b', 'c', 'd']) {
          const ofKey = ({ orderKey }: PendingMessage): boolean => orderKey === key;
          expect(batches.flat().filter(ofKey)).toEqual(due.filter(ofKey));
          expect(Math.max(0, ...batches.map((batch) => batch.filter(ofKey).length))).toBeLessThanOrEqual(1);
        }
        const mixed = batches.filter((batch) => batch.length > 1 && batch.some(({ attempts }) => attempts > 0));
        expect(mixed).toEqual([]);
      }),
    );
  });
});
