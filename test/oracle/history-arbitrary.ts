import * as fc from 'fast-check';
import { Choices } from './choices.ts';
import { generateHistory, type History } from './generate.ts';
import { printHistory } from './print.ts';

/** Histories for fast-check: it makes a failing one smaller by making its list of choices smaller. */
export const historyArbitrary: fc.Arbitrary<History> = fc
  .array(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 400, maxLength: 1_600, size: 'max' })
  .map((list) => {
    const history = generateHistory(Choices.listed(list));
    return { ...history, [fc.toStringMethod]: () => printHistory(history) };
  });
