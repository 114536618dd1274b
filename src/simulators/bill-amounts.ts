import { AppError } from '../platform/errors.ts';

// A hospital's own arithmetic, apart from the engine's: whole numbers all the way, as BigInt.

/** "12.5", places 2 → 1250n. */
export function scaled(text: string, places: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (match === null || fraction.length > places) {
    throw new AppError('BAD_SAMPLE_DATA', `"${text}" is not a decimal of at most ${places} places`, { status: 500 });
  }
  const magnitude = BigInt((match[2] ?? '') + fraction.padEnd(places, '0'));
  return match[1] === '-' ? -magnitude : magnitude;
}

/** 1250n, places 2 → "12.50". */
export function decimal(value: bigint, places: number): string {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** A whole division, half away from zero. */
function divide(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** Quantity × price, half-up to the fen: texts in, text out. */
export function lineAmount(quantity: string, price: string): string {
  return decimal(divide(scaled(quantity, 4) * scaled(price, 6), 10n ** 8n), 2);
}

/** The price of one piece of a pack, to four places. */
export function pricePerPiece(packPrice: string, pieces: number): string {
  return decimal(divide(scaled(packPrice, 4), BigInt(pieces)), 4);
}

/** The sum of amounts of two places. */
export function sumOf(amounts: readonly string[]): string {
  return decimal(
    amounts.reduce((sum, amount) => sum + scaled(amount, 2), 0n),
    2,
  );
}
