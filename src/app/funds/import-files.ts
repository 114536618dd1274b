import { parseFen } from '../../core/money/text.ts';

/** The files of an import. `persons` must be there; what is missing of the others stays as it is. */
export const IMPORT_FILES = {
  persons: [
    'person_id',
    'home_region',
    'scheme',
    'name',
    'birth_date',
    'status',
    'retired_on',
    'severe_disability',
    'student',
    'family_doctor',
    'civil_servant',
    'medical_aid',
    'coverage',
    'shares_account_with',
  ],
  registrations: ['person_id', 'disease', 'from', 'to', 'periods_from'],
  filings: ['person_id', 'kind', 'treatment_region', 'from', 'to'],
  accounts: ['person_id', 'current', 'carried', 'event_sequence', 'last_advice'],
  accumulators: ['person_id', 'bucket', 'name', 'value'],
} as const;

export type ImportFile = keyof typeof IMPORT_FILES;

/** A row as it is kept: the texts of its columns. */
export type Fields = Readonly<Record<string, string>>;

type Check = (value: string) => string | undefined;

const ID = /^[A-Za-z0-9._-]{1,30}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const SPAN = /^(active|suspended):\d{4}-\d{2}-\d{2}\.\.(\d{4}-\d{2}-\d{2})?$/;

function fits(pattern: RegExp, problem: string): Check {
  return (value) => (pattern.test(value) ? undefined : problem);
}

function among(...values: string[]): Check {
  return (value) => (values.includes(value) ? undefined : `is not one of ${values.join(', ')}`);
}

function optional(check: Check): Check {
  return (value) => (value === '' ? undefined : check(value));
}

const id = fits(ID, 'is no id of at most 30 letters, digits, ".", "_" and "-"');
const date = fits(DATE, 'is not a day such as 2026-11-24');
const flag = among('true', 'false');
const amount: Check = (value) => (parseFen(value) === undefined ? 'is not an amount of at most two places' : undefined);

const CHECKS: Readonly<Record<ImportFile, Readonly<Record<string, Check>>>> = {
  persons: {
    person_id: id,
    home_region: fits(/^\d{6}$/, 'is not a region code of six digits'),
    scheme: among('employee', 'resident'),
    name: fits(/^[^\0]{1,100}$/, 'is empty or has more than 100 characters'),
    birth_date: date,
    status: among('active', 'retired'),
    retired_on: optional(date),
    severe_disability: flag,
    student: flag,
    family_doctor: flag,
    civil_servant: flag,
    medical_aid: among('none', 'specialHardship', 'lowIncome', 'otherAid'),
    coverage: (value) => {
      const spans = value.split(';');
      return value === '' || spans.every((span) => SPAN.test(span))
        ? undefined
        : 'is not a list such as active:2020-01-01..2020-12-31;suspended:2021-01-01..';
    },
    shares_account_with: (value) =>
      value === '' || value.split(';').every((one) => ID.test(one)) ? undefined : 'has a bad id',
  },
  registrations: {
    person_id: id,
    disease: fits(/^[A-Za-z0-9._-]{1,20}$/, 'is no code of a disease'),
    from: date,
    to: optional(date),
    periods_from: optional(date),
  },
  filings: {
    person_id: id,
    kind: among('longTerm', 'referral', 'emergency', 'other'),
    treatment_region: optional(fits(/^\d{6}$/, 'is not a region code of six digits')),
    from: date,
    to: optional(date),
  },
  accounts: {
    person_id: id,
    current: amount,
    carried: amount,
    event_sequence: fits(/^\d{1,12}$/, 'is not a whole number from 0'),
    last_advice: optional(fits(/^[A-Za-z0-9._-]{1,40}$/, 'is no id of an advice')),
  },
  accumulators: {
    person_id: id,
    bucket: fits(/^([A-Za-z0-9.]{1,37}\/)?\d{4}-\d{2}-\d{2}$/, 'is neither a day nor disease/day'),
    name: fits(/^\S{1,40}$/, 'is empty or too long'),
    value: fits(/^\d{1,15}(\.\d{1,2})?$/, 'is neither an amount nor a whole number'),
  },
};

interface ColumnCheck {
  readonly column: string;
  readonly check: Check;
}

function inOrder(file: ImportFile): readonly ColumnCheck[] {
  return IMPORT_FILES[file].map((column) => ({ column, check: CHECKS[file][column] ?? (() => undefined) }));
}

const CHECKS_IN_ORDER: Readonly<Record<ImportFile, readonly ColumnCheck[]>> = {
  persons: inOrder('persons'),
  registrations: inOrder('registrations'),
  filings: inOrder('filings'),
  accounts: inOrder('accounts'),
  accumulators: inOrder('accumulators'),
};

/** What is wrong with the form of a row, by column; `''` for the row itself. */
export function rowProblems(
  file: ImportFile,
  fields: readonly string[],
): readonly { readonly column: string; readonly problem: string }[] {
  const columns = CHECKS_IN_ORDER[file];
  if (fields.length !== columns.length) {
    return [{ column: '', problem: `has ${fields.length} fields, not ${columns.length}` }];
  }
  const found: { column: string; problem: string }[] = [];
  columns.forEach(({ column, check }, at) => {
    const problem = check(fields[at] ?? '');
    if (problem !== undefined) found.push({ column, problem });
  });
  return found;
}

/** What is wrong with a header. */
export function headerProblem(file: ImportFile, fields: readonly string[]): string | undefined {
  const wanted = IMPORT_FILES[file].join(',');
  return fields.join(',') === wanted ? undefined : `is not ${wanted}`;
}

/** The texts of a kept row by column. */
export function fieldsOf(file: ImportFile, values: readonly string[]): Fields {
  const fields: Record<string, string> = {};
  let at = 0;
  for (const column of IMPORT_FILES[file]) fields[column] = values[at++] ?? '';
  return fields;
}
