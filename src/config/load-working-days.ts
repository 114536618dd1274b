import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PLAIN_WEEKS, type WorkingCalendar } from '../core/working-days.ts';
import { date, provenance, readBy, readShape, text } from './shapes.ts';
import { reportTwice, type RuleError } from './rule-error.ts';
import { readYaml } from './yaml-file.ts';

const WORKING_DAYS_FILE = 'working-days.yaml';

const calendarShape = z.strictObject({
  years: z.array(
    z.strictObject({
      year: readBy((value) => (/^\d{4}$/.test(value) ? value : undefined), 'is not a year'),
      holidays: z.array(date),
      workdays: z.array(date),
      source: text,
      provenance,
    }),
  ),
});

/**
 * Loads `working-days.yaml`: which days are worked; what is wrong is added to the errors. Without the file there are weekends and nothing else.
 */
export function loadWorkingDays(configDir: string, errors: RuleError[]): WorkingCalendar {
  const file = join(configDir, WORKING_DAYS_FILE);
  if (!existsSync(file)) return PLAIN_WEEKS;
  const yaml = readYaml(file);
  const document = yaml.tree === undefined ? undefined : readShape(calendarShape, yaml.tree, [], yaml.errors);
  document?.years.forEach(({ year, holidays, workdays }, at) => {
    for (const [key, days] of Object.entries({ holidays, workdays })) {
      days.forEach((day, index) => {
        if (!day.startsWith(year)) yaml.errors.add(['years', at, key, index], `${day} is not in ${year}`);
      });
    }
    reportTwice([...holidays, ...workdays], (index) => ['years', at, `day ${index + 1}`], yaml.errors);
  });
  errors.push(...yaml.errors.found);
  const years = document?.years ?? [];
  return {
    holidays: new Set(years.flatMap(({ holidays }) => holidays)),
    workdays: new Set(years.flatMap(({ workdays }) => workdays)),
  };
}
