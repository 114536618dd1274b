import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quickYesOf } from '../../src/http/quick-yes.ts';
import { billRequest } from '../../src/http/schemas/bills.ts';
import { postedBill } from '../support/posted-bill.ts';

const isBillShaped = quickYesOf(billRequest);

/** Values that schemas disagree about, if they disagree about any. */
const odd = fc.oneof(
  fc.constantFrom('', ' ', '0.00', '-0.00', '00.10', '1.005', '1e3', '１.00', '0.1', '99999999999.00', '2026-02-31'),
  fc.constantFrom('2026-11-24', 'outpatient', 'M07801', 'a'.repeat(100), '𝟙'.repeat(60), '𝟙'.repeat(50), '院\n院'),
  fc.constantFrom(null, undefined, 0, 1, 1000, 1001, 1.5, -1, true, false, [], {}, [{}], Number.NaN),
  fc.string({ unit: 'binary' }),
  fc.anything(),
);

/** A bill with some members replaced, removed or added, in its head or in a line. */
const bent = fc
  .record({
    lines: fc.integer({ min: 0, max: 3 }),
    head: fc.array(fc.tuple(fc.constantFrom(...Object.keys(billRequest.shape), 'extra', '__proto__'), odd), {
      maxLength: 2,
    }),
    line: fc.array(
      fc.tuple(fc.constantFrom('code', 'hospitalCode', 'name', 'quantity', 'price', 'amount', 'feeDate', 'x'), odd),
      { maxLength: 2 },
    ),
    refundOf: fc.option(odd, { nil: undefined }),
  })
  .map(({ lines, head, line, refundOf }) => {
    const bill: Record<string, unknown> = { ...postedBill() };
    const [first] = bill['lines'] as object[];
    bill['lines'] = Array.from({ length: lines }, () => ({ ...first, ...Object.fromEntries(line), refundOf }));
    return JSON.parse(JSON.stringify({ ...bill, ...Object.fromEntries(head) })) as unknown;
  });

describe('the quick yes to a bill', () => {
  it('is said to an ordinary bill', () => {
    expect(isBillShaped(postedBill())).toBe(true);
  });

  it('is never said to what the schema refuses, days that do not exist aside', () => {
    fc.assert(
      fc.property(fc.oneof(bent, fc.anything()), (body) => {
        if (!isBillShaped(body)) return;
        const read = billRequest.safeParse(body);
        const refused = read.success ? [] : read.error.issues.map(({ message }) => message);
        expect(refused.filter((message) => message !== 'is not a day that exists')).toEqual([]);
        if (read.success) expect(read.data).toEqual(body);
      }),
      { numRuns: 3000 },
    );
  });

  it('is said to whatever the schema lets through', () => {
    fc.assert(
      fc.property(bent, (body) => {
        expect(isBillShaped(body) || !billRequest.safeParse(body).success).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
