import { z } from 'zod';
import { isDate } from '../core/calendar.ts';
import { RATIO_ONE, type Fen, type Ratio } from '../core/money/fen.ts';
import { parseFen, parseRatio, parseScaled } from '../core/money/text.ts';
import { NO_LIMIT } from '../core/policy/parameter.ts';
import type { FileErrors, Path } from './rule-error.ts';

/** Shapes that all our YAML files are made of. Every scalar arrives as text. */

function isMapping(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** A text that one function reads; undefined refuses it. */
export function readBy<T>(parse: (text: string) => T | undefined, reason: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} ${reason}` });
    return z.NEVER;
  });
}

/** Picks the shape by looking at the input, so that an error names what is wrong inside and not "no alternative fits". */
export function choose<T extends z.ZodType>(pick: (input: unknown) => T) {
  return z.unknown().transform((input, context): z.output<T> => {
    const result = pick(input).safeParse(input, { reportInput: true });
    if (result.success) return result.data;
    for (const issue of result.error.issues) context.issues.push(issue as z.core.$ZodRawIssue);
    return z.NEVER;
  });
}

export function oneOrMany<T>(one: z.ZodType<T>) {
  const many = z.array(one).min(1);
  const single = one.transform((value): T[] => [value]);
  return choose<z.ZodType<T[]>>((input) => (Array.isArray(input) ? many : single));
}

export const text = z.string().refine((value) => value.trim() !== '', 'is empty');
export const date = readBy((value) => (isDate(value) ? value : undefined), 'is not a day (YYYY-MM-DD) that exists');
export const flag = readBy(
  (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  'is neither true nor false',
);

function atLeastZero(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

function wholeBetween(least: number, most: number) {
  return (value: string): number | undefined => {
    const whole = parseScaled(value, 0);
    return whole === undefined || whole < least || whole > most ? undefined : whole;
  };
}

export const fen = readBy(
  (value): Fen | undefined => atLeastZero(parseFen(value)),
  'is not an amount of at most two places',
);
export const fenOrNone = readBy(
  (value): Fen | undefined => (value === 'none' ? NO_LIMIT : atLeastZero(parseFen(value))),
  'is neither an amount of at most two places nor `none`',
);
export const ratio = readBy(parseRatio, 'is not a ratio between 0 and 1 of at most four places');
/** A ratio that may exceed 1. */
export const times = readBy((value): Ratio | undefined => {
  const scaled = atLeastZero(parseScaled(value, 4));
  return scaled === undefined ? undefined : scaled * (RATIO_ONE / 10_000);
}, 'is not a factor of at most four places');
export const count = readBy(wholeBetween(1, 100_000), 'is not a whole number from 1');
export const years = readBy(wholeBetween(0, 200), 'is not an age in years');
export const level = readBy(wholeBetween(1, 3), 'is not a level: 1, 2 or 3');
export const levelOrOwn = readBy(wholeBetween(0, 3), 'is not a level: 1, 2, 3, or 0 to keep the own');

export const scheme = z.enum(['employee', 'resident']);
export const benefitKind = z.enum(['outpatient', 'pharmacy', 'inpatient', 'specialDisease']);
export const provenance = z.enum(['sourced', 'memory', 'illustrative']);
export const itemClass = z.enum(['A', 'B', 'C']);
export const filingKind = z.enum(['longTerm', 'referral', 'emergency', 'other']);
export const medicalAid = z.enum(['none', 'specialHardship', 'lowIncome', 'otherAid']);
export const institutionGroup = z.enum([
  'community',
  'consortium',
  'villageClinic',
  'pharmacy',
  'classCClinic',
  'contracted',
  'traditionalChinese',
  'psychiatric',
]);
/** Parts of a person's share that a layer can be based on and a purse can pay. */
export const payablePart = z.enum([
  'deductible',
  'coinsurance',
  'overCap',
  'firstSelfPay',
  'outOfArea',
  'overLimit',
  'compliantSelfPay',
  'fullSelfPay',
]);

/** Entries of a dated list: a list of mappings, as it stands in a file. */
export function isDatedList(input: unknown): boolean {
  return Array.isArray(input) && input.length > 0 && input.every(isMapping);
}

/** A single dated entry written without its list. */
export function isEntry(input: unknown): boolean {
  return isMapping(input) && ('rows' in input || 'value' in input);
}

function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      if (issue.expected === 'string') return 'must be a single value';
      return issue.expected === 'array' ? 'must be a list' : 'must be a mapping';
    case 'invalid_value':
      if (issue.input === undefined) return 'is missing';
      return `${JSON.stringify(issue.input)} is not one of: ${issue.values.join(', ')}`;
    case 'too_small':
      return 'must not be empty';
    default:
      return issue.message;
  }
}

/** Reads a tree by a shape; every issue becomes an error of the file. */
export function readShape<T>(shape: z.ZodType<T>, tree: unknown, at: Path, errors: FileErrors): T | undefined {
  const result = shape.safeParse(tree, { reportInput: true });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [...at, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
    if (issue.code !== 'unrecognized_keys') errors.add(path, reasonOf(issue));
    else for (const key of issue.keys) errors.add([...path, key], 'unknown key');
  }
  return undefined;
}
