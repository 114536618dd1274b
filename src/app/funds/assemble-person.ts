import type { FieldProblem } from '../../platform/errors.ts';
import { fieldsOf, type Fields, type ImportFile } from './import-files.ts';
import type { BalancesText, ImportRow, PersonText } from './ports.ts';

/** One thing that keeps a file from being imported. */
export interface ImportProblem {
  readonly file: string;
  readonly line: number;
  /** Empty for the row itself. */
  readonly column: string;
  readonly problem: string;
}

/** All rows of one person, by file and in the order of lines. */
export type PersonRows = Readonly<Record<ImportFile, readonly ImportRow[]>>;

/** A person put together out of rows of several files; undefined when rows are missing or there twice. */
export interface Assembled {
  readonly homeRegion: string;
  readonly text: PersonText;
}

const COLUMN: Readonly<Record<string, string>> = {
  birthDate: 'birth_date',
  retiredOn: 'retired_on',
  sharesAccountWith: 'shares_account_with',
  periodsFrom: 'periods_from',
};

function textsOf(file: ImportFile, rows: PersonRows): Fields[] {
  return rows[file].map(({ content }) => fieldsOf(file, JSON.parse(content) as string[]));
}

function spanOf({ from = '', to = '' }: Fields) {
  return to === '' ? { from } : { from, to };
}

function coverageOf(text: string): PersonText['coverage'] {
  if (text === '') return [];
  return text.split(';').map((span) => {
    const [state = '', days = ''] = span.split(':');
    const [from = '', to = ''] = days.split('..');
    return { ...spanOf({ from, to }), state: state as 'active' | 'suspended' };
  });
}

function balancesOf(account: Fields | undefined, accumulators: readonly Fields[]): BalancesText | undefined {
  if (account === undefined) return undefined;
  const { current = '', carried = '', event_sequence: sequence, last_advice: lastAdvice = '' } = account;
  return {
    contains: { eventSequence: Number(sequence), lastAdvice: lastAdvice === '' ? undefined : lastAdvice },
    accounts: { current, carried },
    accumulators: accumulators.map(({ bucket = '', name = '', value = '' }) => ({ bucket, name, value })),
  };
}

/** What is wrong with how the rows of a person belong together. */
export function belongingProblems(rows: PersonRows): ImportProblem[] {
  const problems: ImportProblem[] = [];
  const add = (row: ImportRow, problem: string): unknown =>
    problems.push({ file: row.file, line: row.line, column: 'person_id', problem });
  for (const file of ['persons', 'accounts'] as const) {
    for (const row of rows[file].slice(1)) add(row, 'is there twice');
  }
  if (rows.persons.length === 0) {
    for (const row of Object.values(rows).flat()) add(row, 'is nobody in persons.csv');
  }
  if (rows.accounts.length === 0) {
    for (const row of rows.accumulators) add(row, 'is not in accounts.csv, which says what its balances contain');
  }
  return problems;
}

/** Puts a person together in the words of the contract. */
export function assemblePerson(rows: PersonRows, asOf: string): Assembled {
  const [person = {}] = textsOf('persons', rows);
  const [account] = textsOf('accounts', rows);
  const { retired_on: retiredOn = '', shares_account_with: shares = '' } = person;
  const text: PersonText = {
    personId: person['person_id'] ?? '',
    scheme: person['scheme'] as PersonText['scheme'],
    name: person['name'] ?? '',
    birthDate: person['birth_date'] ?? '',
    status: person['status'] as PersonText['status'],
    retiredOn: retiredOn === '' ? undefined : retiredOn,
    severeDisability: person['severe_disability'] === 'true',
    student: person['student'] === 'true',
    familyDoctor: person['family_doctor'] === 'true',
    civilServant: person['civil_servant'] === 'true',
    medicalAid: person['medical_aid'] as PersonText['medicalAid'],
    coverage: coverageOf(person['coverage'] ?? ''),
    registrations: textsOf('registrations', rows).map((row) => {
      const { disease = '', from = '', periods_from: periodsFrom = '' } = row;
      return { ...spanOf(row), disease, periodsFrom: periodsFrom === '' ? from : periodsFrom };
    }),
    filings: textsOf('filings', rows).map((row) => {
      const { kind, treatment_region: region = '' } = row;
      return {
        ...spanOf(row),
        kind: kind as PersonText['filings'][number]['kind'],
        treatmentRegion: region === '' ? undefined : region,
      };
    }),
    sharesAccountWith: shares === '' ? [] : shares.split(';'),
    asOf,
    balances: balancesOf(account, textsOf('accumulators', rows)),
  };
  return { homeRegion: person['home_region'] ?? '', text };
}

/** `registrations[1].from` → the second registration's line, column `from`. */
export function placeOf({ field, problem }: FieldProblem, rows: PersonRows): ImportProblem {
  const [, list = '', at = '', member = ''] = /^(?:balances\.)?(\w+)(?:\[(\d+)\])?(?:\.(\w+))?$/.exec(field) ?? [];
  const file: ImportFile =
    list === 'registrations' || list === 'filings' || list === 'accumulators' || list === 'accounts' ? list : 'persons';
  const row = rows[file][file === 'persons' || file === 'accounts' ? 0 : Number(at)];
  const name = file === 'persons' ? list : member || (file === 'accumulators' ? 'value' : '');
  return { file, line: row?.line ?? 0, column: COLUMN[name] ?? name, problem };
}
