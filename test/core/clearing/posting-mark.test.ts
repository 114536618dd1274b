import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MARK_MODULUS, PostingMark } from '../../../src/core/clearing/posting-mark.ts';

const amounts = fc.integer({ min: -99_999_999_999, max: 99_999_999_999 });
const bills = fc.array(fc.record({ id: fc.string({ maxLength: 30 }), owed: amounts }), { maxLength: 400 });

/** The same in integers of any size, as the database does it. */
function markOf(owed: readonly { id: string; owed: number }[]): bigint {
  return owed.reduce((sum, each) => sum - BigInt(crc32(`${each.id}310118`)) * BigInt(each.owed % MARK_MODULUS), 0n);
}

describe('the mark of postings', () => {
  it('is exact for any number of bills', () => {
    fc.assert(
      fc.property(bills, amounts, (owed, moved) => {
        const mark = new PostingMark(crc32);
        for (const each of owed) mark.owe(each.id, '310118', each.owed);
        mark.move({ book: '310118', account: 'payable', party: 'H1', amount: moved });
        const account = BigInt(crc32('310118payableH1')) * BigInt(moved % MARK_MODULUS);
        const posted = markOf(owed) + account;
        expect(mark.isOf(posted)).toBe(true);
        expect(mark.isOf(posted + BigInt(MARK_MODULUS))).toBe(true);
        expect(mark.isOf(posted + 1n)).toBe(false);
      }),
    );
  });

  it('is another one when two bills lend each other a fen', () => {
    const mark = new PostingMark(crc32);
    mark.owe('s1', '310118', 100);
    mark.owe('s2', '310118', 100);
    expect(mark.isOf(markOf(['s1', 's2'].map((id) => ({ id, owed: 100 }))))).toBe(true);
    expect(
      mark.isOf(
        markOf([
          { id: 's1', owed: 101 },
          { id: 's2', owed: 99 },
        ]),
      ),
    ).toBe(false);
  });
});
