import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PersonImport } from '../../app/ports.ts';
import { readCsv } from '../../config/csv-reader.ts';
import type { RuleError } from '../../config/rule-error.ts';
import { date, fen, filingKind, flag, medicalAid, readShape, scheme, text } from '../../config/shapes.ts';
import { readYaml } from '../../config/yaml-file.ts';
import { benefitYearStart, daysBetween, type DateText } from '../../core/calendar.ts';
import { parseFen, parseScaled } from '../../core/money/text.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { AppError } from '../../platform/errors.ts';
import type { ChargeItem } from '../../simulators/charge-book.ts';
import { addDays } from '../../simulators/days.ts';

/** The day as of which the personas' balances, accumulators and spans are written down. */
const WRITTEN_AS_OF = '2026-11-24';

const CHARGE_COLUMNS = ['code', 'name', 'unit', 'price', 'department', 'kind', 'typicalQuantity'] as const;

const span = { from: date, to: date.optional() };

const shape = z.strictObject({
  persons: z.array(
    z.strictObject({
      id: text,
      name: text,
      sex: z.enum(['female', 'male']),
      homeRegion: text,
      scheme,
      birthDate: date,
      status: z.enum(['active', 'retired']),
      retiredOn: date.optional(),
      severeDisability: flag,
      student: flag,
      familyDoctor: flag,
      civilServant: flag,
      medicalAid,
      coverage: z.array(z.strictObject({ ...span, state: z.enum(['active', 'suspended']) })),
      registrations: z.array(z.strictObject({ ...span, disease: text, periodsFrom: date })),
      filings: z.array(z.strictObject({ ...span, kind: filingKind, treatmentRegion: text.optional() })),
      sharesAccountWith: z.array(text).default([]),
      accounts: z.strictObject({ current: fen, carried: fen }),
      /** By name; what an accumulator counts is the policy's matter. */
      accumulators: z.record(z.string(), text),
      story: text,
      storyEn: text,
    }),
  ),
});

type Persona = z.output<typeof shape>['persons'][number];

function badSample(file: string, errors: readonly Pick<RuleError, 'path' | 'reason' | 'line'>[]): AppError {
  const words = errors.map(
    ({ path, reason, line }) => `${file}${line === undefined ? '' : `:${line}`}: ${path} ${reason}`,
  );
  return new AppError('BAD_SAMPLE_DATA', words.join('\n'), { status: 500, help: 'correct the file named' });
}

/** Moves spans of validity along, so that who is registered, filed or insured when written is so on any day of a demo. */
function moveSpan<T extends { readonly from: DateText; readonly to?: DateText | undefined }>(one: T, days: number) {
  return { ...one, from: addDays(one.from, days), to: one.to === undefined ? undefined : addDays(one.to, days) };
}

/** A year's accumulators lie in the benefit year of the day; what is counted in heads is a number, the rest is fen. */
function accumulatorsOf(
  persona: Persona,
  rulebook: Rulebook,
  day: DateText,
  file: string,
): PersonImport['accumulators'] {
  const { id, homeRegion, scheme: ownScheme, accumulators } = persona;
  const policy = rulebook.policyOn(homeRegion, ownScheme, day);
  const bad = (name: string, reason: string): AppError =>
    badSample(file, [{ path: `${id}.accumulators.${name}`, reason, line: undefined }]);
  const amounts = Object.entries(accumulators).map(([name, written]): [string, number] => {
    const accumulator = policy?.accumulators.find((one) => one.name === name && one.per === 'year');
    if (accumulator === undefined) throw bad(name, 'is no yearly accumulator of the policy in force');
    const amount = accumulator.measure === 'admissions' ? parseScaled(written, 0) : parseFen(written);
    if (amount === undefined)
      throw bad(name, `is not ${accumulator.measure === 'admissions' ? 'a count' : 'an amount'}`);
    return [name, amount];
  });
  if (policy === undefined || amounts.length === 0) return {};
  return { [benefitYearStart(day, policy.year.startsOn)]: Object.fromEntries(amounts) };
}

/**
 * Reads `sample/personas.yaml` as persons to import, as they stand on a day.
 *
 * @throws AppError BAD_SAMPLE_DATA
 */
export function loadPersonas(configDir: string, rulebook: Rulebook, day: DateText): readonly PersonImport[] {
  const file = join(configDir, 'sample', 'personas.yaml');
  const { tree, errors } = readYaml(file);
  const read = tree === undefined ? undefined : readShape(shape, tree, [], errors);
  if (read === undefined) throw badSample(file, errors.found);
  const days = WRITTEN_AS_OF <= day ? daysBetween(WRITTEN_AS_OF, day) : -daysBetween(day, WRITTEN_AS_OF);
  return read.persons.map((persona) => {
    const { sex: _sex, story: _story, storyEn: _storyEn, accounts, accumulators: _accumulators, ...person } = persona;
    return {
      person: {
        ...person,
        retiredOn: person.retiredOn,
        coverage: person.coverage.map((one) => moveSpan(one, days)),
        registrations: person.registrations.map((one) => ({
          ...moveSpan(one, days),
          periodsFrom: addDays(one.periodsFrom, days),
        })),
        filings: person.filings.map((one) => ({ ...moveSpan(one, days), treatmentRegion: one.treatmentRegion })),
      },
      accounts,
      accumulators: accumulatorsOf(persona, rulebook, day, file),
    };
  });
}

/**
 * Reads `sample/charge-master.csv`.
 *
 * @throws AppError BAD_SAMPLE_DATA
 */
export function loadChargeMaster(configDir: string): readonly ChargeItem[] {
  const file = join(configDir, 'sample', 'charge-master.csv');
  const { rows, error } = readCsv(readFileSync(file, 'utf8'));
  const [head, ...items] = rows;
  if (error !== undefined) throw badSample(file, [{ path: '', ...error }]);
  if (head === undefined || head.fields.join() !== CHARGE_COLUMNS.join()) {
    throw badSample(file, [{ path: 'heading', reason: `is not ${CHARGE_COLUMNS.join()}`, line: 1 }]);
  }
  return items.map(({ fields, line }) => {
    if (fields.length !== CHARGE_COLUMNS.length)
      throw badSample(file, [{ path: 'row', reason: 'has another length', line }]);
    return Object.fromEntries(CHARGE_COLUMNS.map((name, at) => [name, fields[at] ?? ''])) as unknown as ChargeItem;
  });
}
