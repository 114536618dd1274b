import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDate } from '../../src/core/calendar.ts';
import { addWorkingDays, isWorkingDay, PLAIN_WEEKS, subtractWorkingDays } from '../../src/core/working-days.ts';

const day = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2100-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const calendar = fc
  .tuple(fc.uniqueArray(day, { maxLength: 20 }), fc.uniqueArray(day, { maxLength: 20 }))
  .map(([holidays, workdays]) => ({ holidays: new Set(holidays), workdays: new Set(workdays) }));

describe('working days', () => {
  it('are not Saturdays and Sundays', () => {
    fc.assert(
      fc.property(day, (date) => {
        const weekday = new Date(date).getUTCDay();
        expect(isWorkingDay(date, PLAIN_WEEKS)).toBe(weekday >= 1 && weekday <= 5);
      }),
    );
  });

  it('follow the calendar of holidays and of days worked instead', () => {
    const golden = { holidays: new Set(['2026-10-01', '2026-10-02', '2026-10-05']), workdays: new Set(['2026-10-10']) };
    expect(addWorkingDays('2026-09-30', 1, golden)).toBe('2026-10-06');
    expect(addWorkingDays('2026-10-08', 2, golden)).toBe('2026-10-10');
    expect(addWorkingDays('2026-10-08', 2, PLAIN_WEEKS)).toBe('2026-10-12');
    expect(subtractWorkingDays('2026-10-12', 1, golden)).toBe('2026-10-10');
    expect(addWorkingDays('2026-10-03', 0, golden)).toBe('2026-10-03');
  });

  it('are counted one by one, there and back', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: 1, max: 30 }), calendar, (from, days, own) => {
        const to = addWorkingDays(from, days, own);
        let counted = 0;
        for (let at = from; at !== to;) {
          at = nextDate(at);
          if (isWorkingDay(at, own)) counted += 1;
        }
        expect(counted).toBe(days);
        expect(isWorkingDay(to, own)).toBe(true);
        if (isWorkingDay(from, own)) expect(subtractWorkingDays(to, days, own)).toBe(from);
      }),
    );
  });
});
