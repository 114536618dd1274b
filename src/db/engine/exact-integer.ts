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
