import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCalendar } from '../../src/config/load-calendar.ts';
import { PLAIN_WEEKS } from '../../src/core/working-days.ts';
import { configFolder } from '../support/config-folder.ts';

const SHIPPED = readFileSync(new URL('../../config/calendar.yaml', import.meta.url), 'utf8');

function errorsOf(change: (text: string) => string): string[] {
  const text = change(SHIPPED);
  expect(text, 'the change changes something').not.toBe(SHIPPED);
  const loaded = loadCalendar(configFolder({ 'calendar.yaml': text }), PLAIN_WEEKS);
  return loaded.ok ? [] : loaded.errors.map(({ path, reason }) => `${path} ${reason}`);
}

describe('the calendar of clearing', () => {
  it('is shipped with a source and a tag for every value', () => {
    const loaded = loadCalendar(configFolder({ 'calendar.yaml': SHIPPED }), PLAIN_WEEKS);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { holidays: _, workdays: __, ...values } = loaded.calendar;
    for (const { source, provenance } of Object.values(values)) {
      expect(source).not.toBe('');
      expect(['sourced', 'memory', 'illustrative']).toContain(provenance);
    }
    expect(loaded.calendar.yellowUsage.value).toBe(70_000_000);
  });

  it('is refused when it is not there', () => {
    const loaded = loadCalendar(configFolder({ 'other.yaml': '' }), PLAIN_WEEKS);
    expect(JSON.stringify(loaded)).toContain('cannot be read');
  });

  it.each([
    ['value: 21', 'value: 32', 'months.noticeDay.value "32" is not a whole number from 1 to 31'],
    ['value: 21', 'value: 28', 'months.confirmDay is before the noticeDay'],
    ['value: 31', 'value: 22', 'months.instructDay is before the confirmDay'],
    ['value: 0.70', 'value: 0.95', 'prefunds.redUsage is not above the yellowUsage'],
    ['value: 0.70', 'value: 0', 'prefunds.yellowUsage is not above 0'],
    [
      'value: 0.70',
      'value: 70',
      'prefunds.yellowUsage.value "70" is not a ratio between 0 and 1 of at most four places',
    ],
    ['months:\n', 'months:\n  payday: 1\n', 'months.payday unknown key'],
    [
      'provenance: memory',
      'provenance: rumour',
      'months.noticeDay.provenance "rumour" is not one of: sourced, memory, illustrative',
    ],
    ['value: home', 'value: nobody', 'objections.decider.value "nobody" is not one of: home, treatment, operator'],
  ])('is refused with %j → %j', (from, to, error) => {
    expect(errorsOf((text) => text.replace(from, to))).toContain(error);
  });
});
