import { z } from 'zod';
import { isDate } from '../../core/calendar.ts';

/** Money on the wire: decimal text with two places, never a JSON number. */
export const money = z
  .string()
  .regex(/^-?(0|[1-9]\d{0,9})\.\d{2}$/, 'is not an amount with two places, such as "12.50"')
  .meta({ description: 'yuan, two places, as text', examples: ['12.50'] });

/** Sums over many bills need more room than one bill. */
export const sum = z
  .string()
  .regex(/^-?(0|[1-9]\d{0,13})\.\d{2}$/, 'is not an amount with two places')
  .meta({ description: 'yuan, two places, as text; a sum over bills', examples: ['1234567.50'] });

export const quantity = z
  .string()
  .regex(/^-?(0|[1-9]\d{0,7})(\.\d{1,4})?$/, 'is not a quantity of at most four places')
  .meta({ description: 'at most four places, as text; negative only on a refund line', examples: ['2.0000'] });

export const price = z
  .string()
  .regex(/^(0|[1-9]\d{0,7})(\.\d{1,6})?$/, 'is not a price of at most six places and not negative')
  .meta({ description: 'yuan a unit, at most six places, as text', examples: ['4.520000'] });

export const date = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'is not a day such as "2026-11-24"', abort: true })
  .refine(isDate, 'is not a day that exists')
  .meta({ description: 'a day, YYYY-MM-DD, in Asia/Shanghai', examples: ['2026-11-24'] });

/** A month, `YYYY-MM`. */
export const month = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'is not a month such as "2026-11"')
  .meta({ examples: ['2026-11'] });

export const instant = z
  .string()
  .meta({ description: 'ISO 8601 with offset', examples: ['2026-11-24T09:30:00.000+08:00'] });

const id = (what: string, example: string, max = 40) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9._-]+$/, 'has characters other than letters, digits, ".", "_" and "-"')
    .meta({ description: what, examples: [example] });

export const settlementId = id('id of a settlement', '01ky7m3v0000p4x2ab');
export const institutionId = id('fixmedins_code of the institution', 'H33042100001', 12);
export const billNumber = id("the institution's number of the bill", 'MZ20261124-000123');
export const requestKey = id('distinguishes a new settlement of a reversed bill from a repeat', 'second-try');
export const personId = id('psn_no of the insured person', '310118300000001', 30);
export const diseaseCode = id('national code of a special disease', 'M07801', 20);
export const itemCode = id('national code of an item', 'XN02BEB165A001010100412', 50);
export const region = z
  .string()
  .regex(/^\d{6}$/, 'is not a region code of six digits')
  .meta({ examples: ['330421'] });

export const scheme = z.enum(['employee', 'resident']);
export const benefitKind = z.enum(['outpatient', 'pharmacy', 'inpatient', 'specialDisease']);
export const provenance = z.enum(['sourced', 'memory', 'illustrative']);
