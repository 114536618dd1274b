import { describe, expect, it } from 'vitest';
import { addTotals, compareTotals, NO_TOTALS, STATEMENT_RESULTS } from '../../../src/core/reconcile/totals.ts';

const totals = { settlements: 2, total: 10_000, fundTotal: 6_000, account: 1_000 };

describe('totals', () => {
  it('compare by number first, then by figures', () => {
    expect(compareTotals(totals, totals)).toBe('equal');
    expect(compareTotals(totals, { ...totals, settlements: 1, total: 99_999 })).toBe('platformMore');
    expect(compareTotals(totals, { ...totals, settlements: 3 })).toBe('institutionMore');
    for (const figure of ['total', 'fundTotal', 'account'] as const) {
      expect(compareTotals(totals, { ...totals, [figure]: totals[figure] + 1 })).toBe('differ');
    }
  });

  it('have the codes of each generation', () => {
    expect(
      Object.values(STATEMENT_RESULTS).map(({ oneDigit, sixDigits, daily }) => [oneDigit, sixDigits, daily]),
    ).toEqual([
      ['0', '000000', '0'],
      ['1', '000101', '1'],
      ['2', '000102', '1'],
      ['3', '000103', '1'],
    ]);
  });

  it('add up', () => {
    expect(addTotals(addTotals(NO_TOTALS, totals), { ...totals, total: -10_000 })).toEqual({
      settlements: 4,
      total: 0,
      fundTotal: 12_000,
      account: 2_000,
    });
  });
});
