import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { postingsOf, type Movement } from '../../../src/core/ledger/postings.ts';
import { FUNDS, type Fund } from '../../../src/core/policy/terms.ts';

const region = fc.constantFrom('310118', '320509', '330421');
const fen = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000_000_000 }));
const funds = fc.record(Object.fromEntries(FUNDS.map((fund) => [fund, fen])) as Record<Fund, typeof fen>);
const movement: fc.Arbitrary<Movement> = fc.record({
  homeRegion: region,
  treatmentRegion: region,
  institutionId: fc.constant('H33042100001'),
  funds,
  personal: fc.array(fc.record({ personId: fc.constantFrom('p1', 'p2'), amount: fen }), { maxLength: 2 }),
});

const NO_FUNDS = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };

function owedOf({ funds: paid, personal }: Movement): number {
  return [...Object.values(paid), ...personal.map(({ amount }) => amount)].reduce((sum, amount) => sum + amount, 0);
}

function negated({ funds: paid, personal, ...rest }: Movement): Movement {
  return {
    ...rest,
    funds: Object.fromEntries(Object.entries(paid).map(([fund, amount]) => [fund, 0 - amount])) as Movement['funds'],
    personal: personal.map(({ personId, amount }) => ({ personId, amount: 0 - amount })),
  };
}

describe('postings of a settlement', () => {
  it('bear, owe and pay: one bill by hand', () => {
    const paid = { ...NO_FUNDS, pool: 7_000, seriousIllness: 500 };
    const personal = [{ personId: 'p1', amount: 2_000 }];
    const place = { homeRegion: '320509', treatmentRegion: '310118', institutionId: 'H31011800001' };
    expect(postingsOf({ ...place, funds: paid, personal })).toEqual([
      { book: '320509', account: 'expense.pool', party: '310118', amount: 7_000 },
      { book: '320509', account: 'expense.seriousIllness', party: '310118', amount: 500 },
      { book: '320509', account: 'personal', party: 'p1', amount: 2_000 },
      { book: '320509', account: 'dueTo', party: '310118', amount: -9_500 },
      { book: '310118', account: 'dueFrom', party: '320509', amount: 9_500 },
      { book: '310118', account: 'payable', party: 'H31011800001', amount: -9_500 },
    ]);
  });

  it('owe nothing between counties at home', () => {
    const place = { homeRegion: '310118', treatmentRegion: '310118', institutionId: 'H31011800001' };
    expect(postingsOf({ ...place, funds: { ...NO_FUNDS, pool: 100 }, personal: [] })).toEqual([
      { book: '310118', account: 'expense.pool', party: '310118', amount: 100 },
      { book: '310118', account: 'payable', party: 'H31011800001', amount: -100 },
    ]);
  });

  it('are none when everything is paid in cash', () => {
    const place = { homeRegion: '320509', treatmentRegion: '310118', institutionId: 'H31011800001' };
    expect(postingsOf({ ...place, funds: NO_FUNDS, personal: [{ personId: 'p1', amount: 0 }] })).toEqual([]);
  });

  it('balance in each book by itself, and the institution gets what is owed', () => {
    fc.assert(
      fc.property(movement, (moved) => {
        const books = new Map<string, number>();
        const postings = postingsOf(moved);
        for (const { book, amount } of postings) books.set(book, (books.get(book) ?? 0) + amount);
        expect([...books.values()].filter((balance) => balance !== 0)).toEqual([]);
        expect(postings.every(({ amount }) => amount !== 0)).toBe(true);
        const payable = postings.find(({ account }) => account === 'payable')?.amount ?? 0;
        expect(payable + owedOf(moved)).toBe(0);
      }),
    );
  });

  it('of a reversal are the exact negatives, leg by leg', () => {
    fc.assert(
      fc.property(movement, (moved) => {
        const undone = postingsOf(negated(moved)).map((posting) => ({ ...posting, amount: 0 - posting.amount }));
        expect(undone).toEqual(postingsOf(moved));
      }),
    );
  });
});
