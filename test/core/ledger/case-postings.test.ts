import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantPaymentPostings, grantPostings, grantTotal } from '../../../src/core/ledger/case-postings.ts';
import { assertBalanced } from '../../../src/core/ledger/journal.ts';
import { FUNDS } from '../../../src/core/policy/terms.ts';

const part = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000_00 }));
const funds = fc.record({
  pool: part,
  largeCost: part,
  seriousIllness: part,
  civilServant: part,
  medicalAid: part,
});

describe('what a case enters', () => {
  it('balances; after the payment the funds bear what went from the bank, and nobody is owed', () => {
    fc.assert(
      fc.property(funds, (shares) => {
        fc.pre(grantTotal(shares) > 0);
        const grant = { homeRegion: '320509', personId: 'p1', funds: shares };
        const entries = [grantPostings(grant), grantPaymentPostings(grant)];
        for (const postings of entries) assertBalanced({ postings });
        const sums = new Map<string, number>();
        for (const { account, amount } of entries.flat()) sums.set(account, (sums.get(account) ?? 0) + amount);
        expect(sums.get('personPayable')).toBe(0);
        expect(sums.get('bank')).toBe(-grantTotal(shares));
        for (const fund of FUNDS) expect(sums.get(`expense.${fund}`) ?? 0).toBe(shares[fund]);
      }),
    );
  });

  it('is nothing for nothing: that is a bug', () => {
    const shares = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
    expect(() => grantPostings({ homeRegion: '320509', personId: 'p1', funds: shares })).toThrow();
  });
});
