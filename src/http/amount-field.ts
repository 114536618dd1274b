import type { Fen } from '../core/money/fen.ts';
import { parseFen } from '../core/money/text.ts';
import { invalidInput } from '../platform/errors.ts';

/**
 * The fen of an amount in a body. Its form was checked; what is left is a number too large for us.
 *
 * @throws AppError INVALID_INPUT
 */
export function fenOf(field: string, text: string): Fen {
  const amount = parseFen(text);
  if (amount !== undefined) return amount;
  throw invalidInput([{ field, problem: 'is not an amount that can be' }]);
}
