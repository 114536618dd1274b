import type { BalanceChange } from '../../core/copy/balances.ts';
import { isDate } from '../../core/calendar.ts';
import { parseFen, parseScaled } from '../../core/money/text.ts';
import type { Accumulator } from '../../core/policy/policy.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { FieldProblem } from '../../platform/errors.ts';
import type { EventText } from './ports.ts';

/** Whose accumulators are spoken of. */
export interface Insured {
  readonly homeRegion: string;
  readonly scheme: Scheme;
}

/** Largest amount a text may name: far above any sum of a person, far below where sums lose digits. */
const AMOUNT_MAX = 100_000_000_000_000;

const OFFSET = /(Z|[+-]\d{2}:\d{2})$/;

/** An instant with its offset; undefined when it is none, or before 1970. */
export function parseInstant(text: string): number | undefined {
  const instantMs = OFFSET.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instantMs) || instantMs < 0 ? undefined : instantMs;
}

function bounded(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) > AMOUNT_MAX ? undefined : value;
}

/**
 * The accumulator that a bucket and name mean under the policies of an insured person: a benefit year by its first day,
 * a period of a special disease by `disease/first day`. Policies may change inside a year, so that of the bucket's first
 * day counts as well as those of other days.
 */
function accumulatorOf(
  rulebook: Rulebook,
  { homeRegion, scheme }: Insured,
  bucket: string,
  name: string,
  days: readonly string[],
): Accumulator | undefined {
  const first = bucket.slice(-10);
  if (!isDate(first)) return undefined;
  const per = bucket.length === 10 ? 'year' : bucket.at(-11) === '/' && bucket.length > 11 ? 'period' : undefined;
  for (const day of [first, ...days]) {
    const policy = rulebook.policyOn(homeRegion, scheme, day);
    if (policy === undefined || (per === 'year' && first.slice(5) !== policy.year.startsOn)) continue;
    const found = policy.accumulators.find((accumulator) => accumulator.name === name && accumulator.per === per);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads a value of an accumulator: heads as a whole number, anything else as money. */
export function readUnits(
  rulebook: Rulebook,
  insured: Insured,
  { bucket, name, text }: { readonly bucket: string; readonly name: string; readonly text: string },
  days: readonly string[],
): number | string {
  const accumulator = accumulatorOf(rulebook, insured, bucket, name, days);
  if (accumulator === undefined) return 'names no accumulator of the policies of this person in this bucket';
  const isCount = accumulator.measure === 'admissions';
  const units = bounded(isCount ? parseScaled(text, 0) : parseFen(text));
  return units ?? (isCount ? 'is not a whole number' : 'is not an amount of at most two places');
}

/** Reads both purses. */
export function readAccounts(
  accounts: { readonly current: string; readonly carried: string },
  problems: FieldProblem[],
): { readonly current: number; readonly carried: number } {
  const read = (purse: 'current' | 'carried'): number => {
    const fen = bounded(parseFen(accounts[purse]));
    if (fen === undefined) problems.push({ field: `accounts.${purse}`, problem: 'is not an amount' });
    return fen ?? 0;
  };
  return { current: read('current'), carried: read('carried') };
}

/** What an event moves, or everything that is wrong with it. */
export function readChange(
  rulebook: Rulebook,
  insured: Insured,
  event: EventText,
  nowMs: number,
): { readonly change: BalanceChange; readonly occurredAtMs: number } | { readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const occurredAtMs = parseInstant(event.occurredAt);
  if (occurredAtMs === undefined) problems.push({ field: 'occurredAt', problem: 'is not an instant with offset' });
  const days = [...new Set([shanghaiDate(occurredAtMs ?? nowMs), shanghaiDate(nowMs)])];
  const accumulators = event.accumulators.flatMap(({ bucket, name, change }, at) => {
    const units = readUnits(rulebook, insured, { bucket, name, text: change }, days);
    if (typeof units === 'number') return [{ bucket, name, change: units }];
    problems.push({ field: `accumulators[${at}]`, problem: units });
    return [];
  });
  const accounts = readAccounts(event.accounts ?? { current: '0', carried: '0' }, problems);
  if (problems.length > 0 || occurredAtMs === undefined) return { problems };
  return { change: { accumulators, accounts }, occurredAtMs };
}
