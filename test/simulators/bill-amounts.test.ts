import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountOf } from '../../src/core/money/fen.ts';
import { formatFen, formatPrice, formatQuantity } from '../../src/core/money/text.ts';
import { lineAmount, pricePerPiece, scaled, sumOf } from '../../src/simulators/bill-amounts.ts';

describe('a hospital’s own arithmetic', () => {
  it('agrees with the engine’s on every line', () => {
    const quantities = fc.integer({ min: -99_990_000, max: 99_990_000 });
    const prices = fc.integer({ min: 0, max: 99_999_000_000 });
    fc.assert(
      fc.property(quantities, prices, (quantity, price) => {
        expect(lineAmount(formatQuantity(quantity), formatPrice(price))).toBe(formatFen(amountOf(quantity, price)));
      }),
    );
  });

  it('rounds half a fen away from zero, both ways', () => {
    expect(lineAmount('0.5', '0.01')).toBe('0.01');
    expect(lineAmount('-0.5', '0.01')).toBe('-0.01');
    expect(lineAmount('0.3333', '36.50')).toBe('12.17');
  });

  it('prices a piece of a pack to four places', () => {
    expect(pricePerPiece('29.4200', 7)).toBe('4.2029');
  });

  it('adds and subtracts', () => {
    expect(sumOf(['0.10', '0.20', '-0.30'])).toBe('0.00');
    expect(sumOf([])).toBe('0.00');
    expect(sumOf(['99999999.99', '0.01'])).toBe('100000000.00');
  });

  it('refuses what is no decimal of so many places', () => {
    for (const text of ['', '1.234', '1e3', '.5', '1,5']) expect(() => scaled(text, 2)).toThrow(/not a decimal/);
  });
});
