import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerDue,
  confirmDue,
  firstTimelyMonth,
  instructDate,
  liquidationDue,
  noticeDate,
  payDue,
} from '../../../src/core/lifecycle/deadlines.ts';
import { addWorkingDays, isWorkingDay } from '../../../src/core/working-days.ts';
import { prefundSize, topUpFor, usageLevel, usageOf } from '../../../src/core/lifecycle/prefund-usage.ts';
import { shippedCalendar } from '../../support/life.ts';

const calendar = shippedCalendar();

describe('business days', () => {
  it.each([
    ['2026-11-27', true],
    ['2026-11-28', false],
    ['2026-10-01', false],
    ['2026-10-10', true],
    ['2026-02-14', true],
  ])('%s is worked: %s', (date, worked) => {
    expect(isWorkingDay(date, calendar)).toBe(worked);
  });

  it('skip weekends and holidays, count weekends that are worked, and not the first day', () => {
    expect(addWorkingDays('2026-11-27', 0, calendar)).toBe('2026-11-27');
    expect(addWorkingDays('2026-11-27', 1, calendar)).toBe('2026-11-30');
    expect(addWorkingDays('2026-09-30', 1, calendar)).toBe('2026-10-08');
    expect(addWorkingDays('2026-10-09', 1, calendar)).toBe('2026-10-10');
  });
});

describe('the calendar', () => {
  it('has its days in the following month, the last one where that is shorter', () => {
    expect(noticeDate(calendar, '2026-11')).toBe('2026-12-21');
    expect(confirmDue(calendar, '2026-11-24')).toBe('2026-12-25');
    expect(confirmDue(calendar, '2026-12-01')).toBe('2027-01-25');
    expect(instructDate(calendar, '2026-11')).toBe('2026-12-31');
    expect(instructDate(calendar, '2026-01')).toBe('2026-02-28');
    expect(instructDate(calendar, '2028-01')).toBe('2028-02-29');
    expect(liquidationDue(calendar, 2026)).toBe('2027-03-31');
  });

  it('gives five days and ten more for paying, ten for an answer', () => {
    expect(payDue(calendar, '2026-08-31')).toBe('2026-09-20');
    expect(payDue(calendar, '2026-08-31') > answerDue(calendar, '2026-08-31')).toBe(true);
  });

  it('lets items slip two months', () => {
    expect(firstTimelyMonth(calendar, '2026-11')).toBe('2026-09');
    expect(firstTimelyMonth(calendar, '2026-01')).toBe('2025-11');
  });
});

describe('the usage of a prefund', () => {
  it.each([
    [699_999, 'green', 6_999],
    [700_000, 'yellow', 7_000],
    [899_999, 'yellow', 8_999],
    [900_000, 'red', 9_000],
    [-5, 'green', 0],
  ])('of 10,000.00 by %i fen is %s', (cleared, level, usage) => {
    expect([usageLevel(calendar, cleared, 1_000_000), usageOf(cleared, 1_000_000)]).toEqual([level, usage]);
  });

  it('is red for business without any, and green where there is none of either', () => {
    expect([usageLevel(calendar, 1, 0), usageOf(1, 0)]).toEqual(['red', undefined]);
    expect(usageLevel(calendar, 0, 0)).toBe('green');
  });

  it('comes down to where yellow begins by what a top-up asks for, and by no fen less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9e13 }), fc.nat(1e9), (cleared, balance) => {
        const topUp = topUpFor(calendar, cleared, balance);
        const enough = (amount: number) => BigInt(cleared) * 10n <= BigInt(balance + amount) * 7n;
        expect(enough(topUp)).toBe(true);
        if (topUp > 0) expect(enough(topUp - 1)).toBe(false);
      }),
    );
  });

  it('is twice the monthly mean of a quarter, half-up', () => {
    expect(prefundSize(calendar, 300)).toBe(200);
    expect(prefundSize(calendar, 100)).toBe(67);
    expect(prefundSize(calendar, 1)).toBe(1);
    expect(prefundSize(calendar, -100)).toBe(0);
  });
});
