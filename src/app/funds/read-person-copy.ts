import type { Accumulators } from '../../core/adjudicate/facts.ts';
import { isDate } from '../../core/calendar.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { FieldProblem } from '../../platform/errors.ts';
import type { PersonRecord } from '../ports.ts';
import { parseInstant, readAccounts, readUnits, type Insured } from './fund-words.ts';
import type { BalancesText, FundBalances, PersonCopy, PersonText } from './ports.ts';

/** How far a fund's clock may be ahead of ours. */
const CLOCK_LEEWAY_MS = 300_000;

/** A person's copy in the terms of the core, or everything that is wrong with it. */
export type ReadPersonCopy =
  { readonly copy: PersonCopy; readonly problems?: undefined } | { readonly problems: readonly FieldProblem[] };

/** What is wrong with a person's spans and days: each ends after it begins, and coverage does not overlap. */
export function personProblems(
  person: Omit<PersonRecord, 'homeRegion' | 'name' | 'scheme'>,
  today: string,
): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const add = (field: string, problem: string): unknown => problems.push({ field, problem });
  if (!isDate(person.birthDate)) add('birthDate', 'is not a day that exists');
  else if (person.birthDate > today) add('birthDate', 'is in the future');
  if (person.retiredOn !== undefined && !isDate(person.retiredOn)) add('retiredOn', 'is not a day that exists');
  for (const list of ['coverage', 'registrations', 'filings'] as const) {
    person[list].forEach(({ from, to }, at) => {
      if (!isDate(from)) add(`${list}[${at}].from`, 'is not a day that exists');
      if (to !== undefined && !isDate(to)) add(`${list}[${at}].to`, 'is not a day that exists');
      else if (to !== undefined && to < from) add(`${list}[${at}].to`, 'is before it begins');
    });
  }
  person.registrations.forEach(({ periodsFrom }, at) => {
    if (!isDate(periodsFrom)) add(`registrations[${at}].periodsFrom`, 'is not a day that exists');
  });
  const spans = [...person.coverage].sort((left, right) => (left.from < right.from ? -1 : 1));
  spans.forEach(({ from }, at) => {
    const before = spans[at - 1];
    if (before !== undefined && (before.to === undefined || before.to >= from)) {
      add('coverage', `has two spans on ${from}`);
    }
  });
  if (person.sharesAccountWith.includes(person.id)) add('sharesAccountWith', 'names the person');
  return problems;
}

/** Values of a fund's snapshot by bucket and name; what is wrong is added to the problems. */
export function readAccumulators(
  rulebook: Rulebook,
  insured: Insured,
  values: BalancesText['accumulators'],
  today: string,
  problems: FieldProblem[],
): Accumulators {
  const read: Record<string, Record<string, number>> = {};
  values.forEach(({ bucket, name, value }, at) => {
    const field = `accumulators[${at}]`;
    const units = readUnits(rulebook, insured, { bucket, name, text: value }, [today]);
    const names = (read[bucket] ??= {});
    if (typeof units === 'string') problems.push({ field, problem: units });
    else if (units < 0) problems.push({ field, problem: 'is below 0' });
    else if (name in names) problems.push({ field, problem: 'is there twice' });
    else names[name] = units;
  });
  // A name at 0 is left out, as everywhere.
  const filled = Object.entries(read).map(([bucket, names]) => [
    bucket,
    Object.fromEntries(Object.entries(names).filter(([, units]) => units !== 0)),
  ]);
  return Object.fromEntries(filled) as Accumulators;
}

function readBalances(
  rulebook: Rulebook,
  insured: Insured,
  { contains, accounts, accumulators }: BalancesText,
  today: string,
  problems: FieldProblem[],
): FundBalances {
  const found: FieldProblem[] = [];
  const purses = readAccounts(accounts, found);
  if (purses.current < 0) found.push({ field: 'accounts.current', problem: 'is below 0' });
  if (purses.carried < 0) found.push({ field: 'accounts.carried', problem: 'is below 0' });
  const values = readAccumulators(rulebook, insured, accumulators, today, found);
  problems.push(...found.map(({ field, problem }) => ({ field: `balances.${field}`, problem })));
  return {
    contains: { eventSequence: contains.eventSequence, lastAdvice: contains.lastAdvice },
    accounts: purses,
    accumulators: values,
  };
}

/**
 * Reads what a fund says of one of its people; the form was looked at before.
 *
 * @shape the contract's words → copy | every field that is wrong
 */
export function readPersonCopy(rulebook: Rulebook, region: string, text: PersonText, nowMs: number): ReadPersonCopy {
  const { personId, asOf, balances, ...rest } = text;
  const today = shanghaiDate(nowMs);
  const person: PersonRecord = {
    id: personId,
    homeRegion: region,
    scheme: rest.scheme,
    name: rest.name,
    birthDate: rest.birthDate,
    status: rest.status,
    retiredOn: rest.retiredOn,
    severeDisability: rest.severeDisability,
    student: rest.student,
    familyDoctor: rest.familyDoctor,
    civilServant: rest.civilServant,
    medicalAid: rest.medicalAid,
    coverage: rest.coverage.map(({ from, to, state }) => ({ from, to, state })),
    registrations: rest.registrations.map(({ disease, from, to, periodsFrom }) => ({ disease, from, to, periodsFrom })),
    filings: rest.filings.map(({ kind, treatmentRegion, from, to }) => ({ kind, treatmentRegion, from, to })),
    sharesAccountWith: rest.sharesAccountWith,
  };
  const problems = personProblems(person, today);
  const asOfMs = parseInstant(asOf);
  if (asOfMs === undefined) problems.push({ field: 'asOf', problem: 'is not an instant with offset' });
  else if (asOfMs > nowMs + CLOCK_LEEWAY_MS) problems.push({ field: 'asOf', problem: 'is in the future' });
  const insured = { homeRegion: region, scheme: rest.scheme };
  const read = balances === undefined ? undefined : readBalances(rulebook, insured, balances, today, problems);
  if (problems.length > 0 || asOfMs === undefined) return { problems };
  return { copy: { person, asOfMs: Math.min(asOfMs, nowMs), balances: read } };
}
