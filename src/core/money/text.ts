import { RATIO_ONE, type Fen, type Price, type Quantity, type Ratio } from './fen.ts';

const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];

const TENS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/**
 * Reads a decimal text as an integer count of its last allowed place, digit by digit: no binary float on the way.
 *
 * @shape "-12.5", places 2 → -1250; undefined when the text is not a plain decimal, has more places, or is too large
 */
export function parseScaled(text: string, places: number): number | undefined {
  const isNegative = text.charCodeAt(0) === MINUS;
  const first = isNegative ? 1 : 0;
  let point = text.length;
  let digits = 0;
  for (let index = first; index < text.length; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (digit === POINT - ZERO && point === text.length) point = index;
    else return undefined;
  }
  const given = Math.max(text.length - point - 1, 0);
  const isWhole = point > first && (point === first + 1 || text.charCodeAt(first) !== ZERO);
  if (!isWhole || point === text.length - 1 || given > places) return undefined;
  // A number of digits that is safe at the end was exact at each of them; so is its product with a power of ten.
  const scaled = digits * (TENS[places - given] ?? Number.NaN);
  if (!Number.isSafeInteger(digits) || !Number.isSafeInteger(scaled)) return undefined;
  return isNegative && scaled !== 0 ? -scaled : scaled;
}

/** "12.50" → 1250 fen; undefined when it is not an amount of at most two places. */
export function parseFen(text: string): Fen | undefined {
  return parseScaled(text, 2);
}

/** "0.3333" → 3333; undefined when it is not a quantity of at most four places. */
export function parseQuantity(text: string): Quantity | undefined {
  return parseScaled(text, 4);
}

/** "4.520000" → 4520000; undefined when it is not a price of at most six places. */
export function parsePrice(text: string): Price | undefined {
  return parseScaled(text, 6);
}

/** "0.85" → 85000000; undefined when it is not a ratio between 0 and 1 of at most four places. */
export function parseRatio(text: string): Ratio | undefined {
  const scaled = parseScaled(text, 4);
  if (scaled === undefined || scaled < 0 || scaled > 10_000) return undefined;
  return scaled * (RATIO_ONE / 10_000);
}

function formatScaled(value: number, places: number): string {
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  const sign = value < 0 ? '-' : '';
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** 1250 → "12.50". */
export function formatFen(amount: Fen): string {
  // Half of the forty amounts of an answer are nothing.
  if (amount === 0) return '0.00';
  const magnitude = Math.abs(amount);
  const fen = magnitude % 100;
  return `${amount < 0 ? '-' : ''}${(magnitude - fen) / 100}.${fen < 10 ? '0' : ''}${fen}`;
}

/** 3333 → "0.3333". */
export function formatQuantity(quantity: Quantity): string {
  return formatScaled(quantity, 4);
}

/** 4520000 → "4.520000". */
export function formatPrice(price: Price): string {
  return formatScaled(price, 6);
}

/** 85000000 → "0.85"; trailing zeros are dropped, at least one place is kept. */
export function formatRatio(ratio: Ratio): string {
  return formatScaled(ratio, 8).replace(/(\.\d+?)0+$/, '$1');
}
