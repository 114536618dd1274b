import { join } from 'node:path';
import { z } from 'zod';
import { nextDate, type DateText } from '../core/calendar.ts';
import type { ClearingCalendar, Tagged } from '../core/policy/clearing-calendar.ts';
import { parseScaled } from '../core/money/text.ts';
import { date, provenance, ratio, readBy, readShape, text } from './shapes.ts';
import { reportTwice, type FileErrors, type RuleError } from './rule-error.ts';
import { readYaml } from './yaml-file.ts';

export type CalendarResult =
  | { readonly ok: true; readonly calendar: ClearingCalendar }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

function whole(least: number, most: number) {
  return readBy((value) => {
    const number = parseScaled(value, 0);
    return number === undefined || number < least || number > most ? undefined : number;
  }, `is not a whole number from ${least} to ${most}`);
}

function tagged<T>(value: z.ZodType<T>): z.ZodType<Tagged<T>> {
  return z.strictObject({ value, source: text, provenance });
}

const day = tagged(whole(1, 31));
const month = tagged(whole(1, 12));
const days = tagged(whole(0, 60));
const decider = tagged(z.enum(['home', 'treatment', 'operator']));

const shape = z.strictObject({
  months: z.strictObject({
    noticeDay: day,
    confirmDay: day,
    instructDay: day,
    lateMonths: tagged(whole(0, 24)),
    liquidationMonth: month,
  }),
  payments: z.strictObject({ handoverDays: days, payDays: days }),
  objections: z.strictObject({ answerDays: days, decisionDays: days, decider, contestedDecider: decider }),
  prefunds: z.strictObject({
    yellowUsage: tagged(ratio),
    redUsage: tagged(ratio),
    months: tagged(whole(1, 24)),
    resizeMonth: month,
    resizePaidMonth: month,
    topUpDays: days,
    topUpReviewer: decider,
  }),
  years: z.array(
    z.strictObject({
      year: whole(2000, 2999),
      source: text,
      provenance,
      holidays: z.array(z.strictObject({ from: date, to: date })),
      workdays: z.array(date),
    }),
  ),
});

type Tree = z.infer<typeof shape>;

function checkOrder({ months, prefunds }: Tree, errors: FileErrors): void {
  const { noticeDay, confirmDay, instructDay } = months;
  if (confirmDay.value < noticeDay.value) errors.add(['months', 'confirmDay'], 'is before the noticeDay');
  if (instructDay.value < confirmDay.value) errors.add(['months', 'instructDay'], 'is before the confirmDay');
  if (prefunds.redUsage.value <= prefunds.yellowUsage.value) {
    errors.add(['prefunds', 'redUsage'], 'is not above the yellowUsage');
  }
  if (prefunds.yellowUsage.value <= 0) errors.add(['prefunds', 'yellowUsage'], 'is not above 0');
  if (prefunds.resizePaidMonth.value < prefunds.resizeMonth.value) {
    errors.add(['prefunds', 'resizePaidMonth'], 'is before the resizeMonth');
  }
}

/** Single days of all years; each must lie in the year that it is listed under. */
function daysOf({ years }: Tree, errors: FileErrors): Pick<ClearingCalendar, 'holidays' | 'workdays'> {
  const holidays = new Set<DateText>();
  const workdays = new Set<DateText>();
  reportTwice(
    years.map(({ year }) => String(year)),
    (at) => ['years', at, 'year'],
    errors,
  );
  years.forEach((entry, at) => {
    const own = String(entry.year);
    entry.holidays.forEach(({ from, to }, index) => {
      const path = ['years', at, 'holidays', index];
      if (to < from) errors.add(path, 'ends before it begins');
      else if (!from.startsWith(own) || !to.startsWith(own)) errors.add(path, `is not in ${own}`);
      else for (let each = from; each <= to; each = nextDate(each)) holidays.add(each);
    });
    entry.workdays.forEach((each, index) => {
      const path = ['years', at, 'workdays', index];
      if (!each.startsWith(own)) errors.add(path, `is not in ${own}`);
      if (holidays.has(each)) errors.add(path, `${each} is a holiday, too`);
      workdays.add(each);
    });
  });
  return { holidays, workdays };
}

/** Loads `calendar.yaml`: every error of it at once, or all its values with their sources. */
export function loadCalendar(configDir: string): CalendarResult {
  const { tree, errors } = readYaml(join(configDir, 'calendar.yaml'));
  const read = tree === undefined ? undefined : readShape(shape, tree, [], errors);
  if (read === undefined) return { ok: false, errors: errors.found };
  checkOrder(read, errors);
  const dates = daysOf(read, errors);
  if (!errors.none) return { ok: false, errors: errors.found };
  const { months: prefundMonths, ...prefunds } = read.prefunds;
  return {
    ok: true,
    calendar: { ...dates, ...read.months, ...read.payments, ...read.objections, ...prefunds, prefundMonths },
  };
}
