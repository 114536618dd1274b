import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../../src/core/invariant.ts';
import { exactIntegers } from '../../../src/db/engine/exact-integer.ts';

describe('integers in one text', () => {
  it('are those that were put together', () => {
    const integer = fc.maxSafeInteger().map((value) => (Object.is(value, -0) ? 0 : value));
    fc.assert(
      fc.property(fc.array(integer, { minLength: 1 }), (integers) => {
        expect(exactIntegers(integers.join(' '))).toEqual(integers);
      }),
    );
  });

  it.each(['1 9007199254740992', '12.5', '1 x', '0x10'])('are never what %s holds', (text) => {
    expect(() => exactIntegers(text)).toThrow(InvariantViolation);
  });
});
