import { describe, expect, it } from 'vitest';
import { shanghaiDate } from '../../src/platform/clock.ts';

describe('shanghaiDate', () => {
  it.each([
    ['2026-11-24T15:59:59.999Z', '2026-11-24'],
    ['2026-11-24T16:00:00.000Z', '2026-11-25'],
    ['2026-11-24T15:59:59.999Z', '2026-11-24'],
    ['2027-12-31T16:00:00.000Z', '2028-01-01'],
    ['1969-12-31T15:00:00.000Z', '1969-12-31'],
  ])('at %s is %s, whatever was asked before', (instant, day) => {
    expect(shanghaiDate(Date.parse(instant))).toBe(day);
  });
});
