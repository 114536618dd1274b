import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FEN_MAX,
  RATIO_ONE,
  amountAgrees,
  amountOf,
  shareOfChain,
  ratioTimes,
  shareOf,
  shareOfSlices,
  type Fen,
} from '../../../src/core/money/fen.ts';

const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_UP });
const RUNS = { numRuns: 2_000 };

/** Half-up to a whole number, away from zero for negatives: decimal.js calls it ROUND_HALF_UP. */
function halfUp(value: Decimal): number {
  return value.toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber() + 0;
}

const fen = fc.oneof(
  fc.integer({ min: -2_000_000, max: 2_000_000 }),
  fc.integer({ min: -FEN_MAX, max: FEN_MAX }),
  fc.constantFrom(0, 1, -1, 5, FEN_MAX, -FEN_MAX, FEN_MAX - 1),
);
const notNegativeFen = fen.map(Math.abs);
const ratio = fc.oneof(
  fc.integer({ min: 0, max: 10_000 }).map((tenThousandths) => tenThousandths * 10_000),
  fc.integer({ min: 0, max: RATIO_ONE }),
  fc.constantFrom(0, 1, RATIO_ONE, RATIO_ONE / 2, RATIO_ONE - 1),
);
const fourDecimals = fc.integer({ min: 0, max: 10_000 }).map((tenThousandths) => tenThousandths * 10_000);
const quantity = fc.oneof(
  fc.integer({ min: -50_000, max: 50_000 }),
  fc.integer({ min: -9_999_999_999, max: 9_999_999_999 }),
);
const price = fc.oneof(fc.integer({ min: 0, max: 20_000_000 }), fc.integer({ min: 0, max: 999_999_000_000 }));

/** `+ 0` turns a negative zero, which no sum can tell from zero, into zero. */
function plain(value: Fen): Fen {
  return value + 0;
}

describe('integer fen against decimal.js', () => {
  it('takes a share', () => {
    fc.assert(
      fc.property(fen, ratio, (amount, share) => {
        expect(plain(shareOf(amount, share))).toBe(halfUp(new Exact(amount).times(share).div(RATIO_ONE)));
      }),
      RUNS,
    );
  });

  it('rounds exactly a half up, and a refund to the negative of what it refunds', () => {
    const half = RATIO_ONE / 2;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: FEN_MAX / 2 - 1 }), (pairs) => {
        expect(shareOf(2 * pairs + 1, half)).toBe(pairs + 1);
        expect(shareOf(-2 * pairs - 1, half)).toBe(-pairs - 1);
      }),
    );
    fc.assert(
      fc.property(notNegativeFen, ratio, (amount, share) => {
        expect(plain(shareOf(-amount, share))).toBe(plain(-shareOf(amount, share)));
      }),
    );
    expect(shareOf(452, 5_000_000)).toBe(23);
  });

  it('pays slices with one rounding for them all', () => {
    const slices = fc.array(fc.record({ amount: fen, ratio }), { maxLength: 8 });
    fc.assert(
      fc.property(slices, (list) => {
        const exact = list.reduce((sum, slice) => sum.plus(new Exact(slice.amount).times(slice.ratio)), new Exact(0));
        expect(plain(shareOfSlices(list))).toBe(halfUp(exact.div(RATIO_ONE)));
      }),
      RUNS,
    );
  });

  it('applies a chain of ratios and rounds once', () => {
    fc.assert(
      fc.property(notNegativeFen, fc.array(ratio, { maxLength: 5 }), (amount, chain) => {
        const exact = chain.reduce((product, each) => product.times(each).div(RATIO_ONE), new Exact(amount));
        expect(plain(shareOfChain(amount, chain))).toBe(halfUp(exact));
      }),
      RUNS,
    );
  });

  it('multiplies two ratios of four decimals without loss', () => {
    fc.assert(
      fc.property(fourDecimals, fourDecimals, (first, second) => {
        expect(new Exact(ratioTimes(first, second)).eq(new Exact(first).times(second).div(RATIO_ONE))).toBe(true);
      }),
      RUNS,
    );
  });

  it('multiplies quantity and price', () => {
    fc.assert(
      fc.property(quantity, price, (count, each) => {
        const exact = new Exact(count).times(each).div(100_000_000);
        fc.pre(exact.abs().lte(Number.MAX_SAFE_INTEGER));
        expect(plain(amountOf(count, each))).toBe(halfUp(exact));
      }),
      RUNS,
    );
    expect(amountOf(3_333, 4_520_000)).toBe(151);
  });

  it('accepts an amount within the tolerance of quantity × price, and no other', () => {
    const tolerance = fc.integer({ min: 0, max: 3 });
    const beside = fc.integer({ min: -6, max: 6 });
    fc.assert(
      fc.property(quantity, price, tolerance, beside, (count, each, bound, off) => {
        const exact = new Exact(count).times(each).div(100_000_000);
        fc.pre(exact.abs().lte(FEN_MAX));
        const amount = halfUp(exact) + off;
        expect(amountAgrees(count, each, amount, bound)).toBe(exact.minus(amount).abs().lte(bound));
      }),
      RUNS,
    );
  });
});
