import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMonths,
  ageOn,
  benefitYearStart,
  daysBetween,
  isDate,
  nextDate,
  previousDate,
} from '../../src/core/calendar.ts';
import { daysFrom, exists, plusDays, plusMonths, yearAround, yearsOld } from '../oracle/days.ts';

const SPAN_DAYS = daysFrom('1600-01-01', '2399-12-31');
const anyDay = fc.oneof(
  fc.integer({ min: 0, max: SPAN_DAYS }).map((days) => plusDays('1600-01-01', days)),
  // The days on which calendars go wrong.
  fc
    .tuple(fc.integer({ min: 1600, max: 2399 }), fc.constantFrom('02-28', '03-01', '12-31', '01-01', '01-31', '03-31'))
    .map(([year, day]) => `${year}-${day}`),
  fc.integer({ min: 400, max: 599 }).map((quarter) => plusDays(`${quarter * 4}-02-28`, 1)),
);
const monthAndDay = fc.constantFrom('01-01', '04-01', '07-01', '12-31', '03-01', '02-28');

describe('the calendar against Date in UTC', () => {
  it('counts days between dates', () => {
    fc.assert(
      fc.property(anyDay, anyDay, (from, to) => {
        expect(daysBetween(from, to)).toBe(daysFrom(from, to));
      }),
    );
  });

  it('finds the next day of every day in four hundred years', () => {
    const wrong: string[] = [];
    let day = '1900-01-01';
    for (let count = 0; count < 146_097; count += 1) {
      const next = plusDays(day, 1);
      if (nextDate(day) !== next || previousDate(next) !== day || daysBetween(day, next) !== 1) wrong.push(day);
      day = next;
    }
    expect(wrong).toEqual([]);
    expect(day).toBe('2300-01-01');
  });

  it('adds months, to the last day of a shorter one', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -600, max: 600 }), (day, months) => {
        expect(addMonths(day, months)).toBe(plusMonths(day, months));
      }),
    );
    expect(addMonths('2024-01-31', 1)).toBe('2024-02-29');
    expect(addMonths('2023-01-31', 1)).toBe('2023-02-28');
    expect(addMonths('2024-12-31', 2)).toBe('2025-02-28');
  });

  it('counts completed years of age', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 0, max: 40_000 }), (birth, days) => {
        const on = plusDays(birth, days);
        expect(ageOn(birth, on)).toBe(yearsOld(birth, on));
      }),
    );
    expect(ageOn('2004-02-29', '2022-02-28')).toBe(17);
    expect(ageOn('2004-02-29', '2022-03-01')).toBe(18);
  });

  it('finds the benefit year around a day', () => {
    fc.assert(
      fc.property(anyDay, monthAndDay, (day, startsOn) => {
        expect(benefitYearStart(day, startsOn)).toBe(yearAround(day, startsOn));
      }),
    );
    expect(benefitYearStart('2024-06-30', '07-01')).toBe('2023-07-01');
    expect(benefitYearStart('2024-07-01', '07-01')).toBe('2024-07-01');
  });

  it('knows which days exist', () => {
    const number = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'));
    const text = fc
      .tuple(fc.integer({ min: 1000, max: 9999 }), number(14), number(33))
      .map(([year, month, day]) => `${year}-${month}-${day}`);
    fc.assert(
      fc.property(text, (candidate) => {
        expect(isDate(candidate)).toBe(exists(candidate));
      }),
    );
    for (const odd of [
      '',
      '2024-1-01',
      '2024-01-1',
      '24-01-01',
      '2024/01/01',
      '2024-01-01 ',
      ' 2024-01-01',
      '2024-01-01T00',
    ]) {
      expect(isDate(odd), odd).toBe(false);
    }
    expect(isDate('2000-02-29')).toBe(true);
    expect(isDate('1900-02-29')).toBe(false);
  });
});
