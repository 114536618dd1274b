import { invariant } from '../invariant.ts';

/** An amount of money in whole fen (1/100 yuan): a safe integer, never a fraction. */
export type Fen = number;

/** A ratio as an integer count of 1e-8, so that a ratio of four decimals times a factor of four decimals stays exact. */
export type Ratio = number;

/** A quantity as an integer count of 1e-4 (national field `cnt`, 16,4). */
export type Quantity = number;

/** A unit price as an integer count of 1e-6 yuan (national field `pric`, 16,6). */
export type Price = number;

/** The ratio 1. */
export const RATIO_ONE: Ratio = 100_000_000;

/** The largest amount the engine accepts: ten billion yuan. Sums of a thousand such amounts are still safe integers. */
export const FEN_MAX: Fen = 1_000_000_000_000;

const PRICE_TIMES_QUANTITY_PER_FEN = 100_000_000;
const RATIO_ONE_BIG = BigInt(RATIO_ONE);

/**
 * Rounds an exact rational half away from zero (half-up on amounts) to a whole number.
 *
 * @shape numerator, denominator > 0 → integer
 * @rounding half-up, symmetric for negatives, so that a refund is the exact negative of what it refunds
 */
function roundHalfUp(numerator: number, denominator: number): number {
  // The remainder of safe integers is exact; a floating division could round up across the boundary.
  const remainder = numerator % denominator;
  const whole = (numerator - remainder) / denominator;
  if (2 * Math.abs(remainder) < denominator) return whole;
  return numerator < 0 ? whole - 1 : whole + 1;
}

function roundHalfUpBig(numerator: bigint, denominator: bigint): Fen {
  const remainder = numerator % denominator;
  const whole = numerator / denominator;
  const magnitude = remainder < 0n ? -remainder : remainder;
  const step = numerator < 0n ? -1n : 1n;
  return Number(2n * magnitude < denominator ? whole : whole + step);
}

/**
 * A ratio of an amount.
 *
 * @shape amount, ratio → amount × ratio
 * @units fen, 1e-8
 * @rounding half-up to the fen; callers are the named rounding points of design §4 only
 */
export function shareOf(amount: Fen, ratio: Ratio): Fen {
  const product = amount * ratio;
  if (Number.isSafeInteger(product)) return roundHalfUp(product, RATIO_ONE);
  return roundHalfUpBig(BigInt(amount) * BigInt(ratio), RATIO_ONE_BIG);
}

/** One slice of an amount that is paid at one ratio. */
export interface Slice {
  readonly amount: Fen;
  readonly ratio: Ratio;
}

/**
 * The payment for several slices, rounded once for them all.
 *
 * @shape slices → Σ amount × ratio
 * @units fen
 * @rounding half-up to the fen, once, after the sum
 */
export function shareOfSlices(slices: readonly Slice[]): Fen {
  let sum = 0;
  for (const slice of slices) {
    const product = slice.amount * slice.ratio;
    sum += product;
    if (!Number.isSafeInteger(product) || !Number.isSafeInteger(sum)) return shareOfSlicesBig(slices);
  }
  return roundHalfUp(sum, RATIO_ONE);
}

function shareOfSlicesBig(slices: readonly Slice[]): Fen {
  let sum = 0n;
  for (const slice of slices) sum += BigInt(slice.amount) * BigInt(slice.ratio);
  return roundHalfUpBig(sum, RATIO_ONE_BIG);
}

/**
 * An amount reduced by several ratios one after the other, rounded once.
 *
 * @shape amount, ratios → amount × Π ratios
 * @units fen, 1e-8
 * @rounding half-up to the fen, once, after the last ratio
 */
export function shareOfChain(amount: Fen, ratios: readonly Ratio[]): Fen {
  const [only = RATIO_ONE] = ratios;
  if (ratios.length <= 1) return shareOf(amount, only);
  const product = ratios.reduce((sum, ratio) => sum * BigInt(ratio), BigInt(amount));
  return roundHalfUpBig(product, RATIO_ONE_BIG ** BigInt(ratios.length));
}

/**
 * Two ratios applied one after the other.
 *
 * @shape ratio, factor → ratio × factor
 * @units 1e-8; exact, because each of the two has at most four decimals
 */
export function ratioTimes(ratio: Ratio, factor: Ratio): Ratio {
  const product = BigInt(ratio) * BigInt(factor);
  invariant(product % RATIO_ONE_BIG === 0n, 'two ratios of four decimals multiply exactly');
  return Number(product / RATIO_ONE_BIG);
}

/**
 * Quantity × price, and whether a stated amount agrees with it within a cent.
 *
 * @shape quantity, price, amount → |quantity × price − amount| ≤ tolerance
 * @units 1e-4, 1e-6 yuan, fen
 * @source policy-facts C.3.2: the hospital's amount is taken as given, after a check
 */
export function amountAgrees(quantity: Quantity, price: Price, amount: Fen, tolerance: Fen): boolean {
  const product = quantity * price;
  const stated = amount * PRICE_TIMES_QUANTITY_PER_FEN;
  if (Number.isSafeInteger(product) && Number.isSafeInteger(stated)) {
    return Math.abs(product - stated) <= tolerance * PRICE_TIMES_QUANTITY_PER_FEN;
  }
  const difference = BigInt(quantity) * BigInt(price) - BigInt(amount) * BigInt(PRICE_TIMES_QUANTITY_PER_FEN);
  const bound = BigInt(tolerance) * BigInt(PRICE_TIMES_QUANTITY_PER_FEN);
  return difference <= bound && -difference <= bound;
}

/**
 * Quantity × price in fen.
 *
 * @shape quantity, price → amount
 * @units 1e-4, 1e-6 yuan → fen
 * @rounding half-up to the fen
 */
export function amountOf(quantity: Quantity, price: Price): Fen {
  const product = quantity * price;
  if (Number.isSafeInteger(product)) return roundHalfUp(product, PRICE_TIMES_QUANTITY_PER_FEN);
  return roundHalfUpBig(BigInt(quantity) * BigInt(price), BigInt(PRICE_TIMES_QUANTITY_PER_FEN));
}
