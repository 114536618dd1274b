import { invariant } from '../../core/invariant.ts';

/**
 * An integer as the drivers give it: mysql2 hands over sums and large integers as text, better-sqlite3 as a number that
 * has already lost digits beyond 2^53.
 *
 * @throws InvariantViolation for what is not a safe integer
 */
export function exactInteger(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  invariant(Number.isSafeInteger(number), 'an amount or count in the database is a safe integer');
  return number as number;
}

const [SPACE, MINUS, ZERO, NINE] = [0x20, 0x2d, 0x30, 0x39];

/**
 * Integers that the database has put into one text, a space between them: where rows come by the million, a driver takes
 * as long for a column as this takes for all.
 *
 * @throws InvariantViolation for what is not a safe integer
 */
export function exactIntegers(text: string): number[] {
  const integers: number[] = [];
  let magnitude = 0;
  let sign = 1;
  for (let at = 0; at <= text.length; at += 1) {
    const code = at === text.length ? SPACE : text.charCodeAt(at);
    if (code === MINUS) sign = -1;
    else if (code >= ZERO && code <= NINE) magnitude = magnitude * 10 + (code - ZERO);
    else if (code !== SPACE) magnitude = Number.NaN;
    else {
      integers.push(exactInteger(sign * magnitude));
      magnitude = 0;
      sign = 1;
    }
  }
  return integers;
}
