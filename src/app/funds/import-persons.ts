import { shanghaiInstant } from '../../platform/instant.ts';
import {
  assemblePerson,
  belongingProblems,
  placeOf,
  type Assembled,
  type ImportProblem,
  type PersonRows,
} from './assemble-person.ts';
import { headerProblem, IMPORT_FILES, rowProblems, type ImportFile } from './import-files.ts';
import { personRefusal } from './present-outcomes.ts';
import type { ImportRow, ImportStore, PersonCopy } from './ports.ts';
import { readPersonCopy } from './read-person-copy.ts';
import { takePersons, type TakeDeps, type TakenPerson } from './take-persons.ts';

/** A file to import, block by block. */
export interface ImportSource {
  readonly file: ImportFile;
  readonly bytes: number;
  readonly blocks: AsyncIterable<{
    readonly rows: readonly { readonly line: number; readonly fields: readonly string[] }[];
    readonly bytes: number;
    readonly error: { readonly line: number; readonly reason: string } | undefined;
  }>;
}

/** Who watches an import. */
export interface ImportProgress {
  begin(step: 'read' | 'check' | 'apply', total: number): void;
  at(done: number): void;
}

/** What importing needs from outside. */
export interface ImportDeps extends TakeDeps {
  readonly imports: ImportStore;
  readonly newId: () => string;
  readonly isRegion: (region: string) => boolean;
  readonly progress: ImportProgress;
}

/** What an import came to. */
export type ImportOutcome =
  | {
      readonly kind: 'imported';
      readonly rows: Readonly<Partial<Record<ImportFile, number>>>;
      readonly created: number;
      readonly replaced: number;
      /** Persons of whom a newer copy was there. */
      readonly outdated: number;
      /** Persons who could not be taken after all, because of what was settled while the import ran. */
      readonly refused: readonly { readonly personId: string; readonly code: string }[];
    }
  /** Nothing was changed. The first problems, and how many there are. */
  | { readonly kind: 'refused'; readonly problems: readonly ImportProblem[]; readonly count: number };

const PROBLEMS_MAX = 200;
const ROWS_AT_ONCE = 5000;
const PERSONS_AT_ONCE = 500;
/** More rows than anybody can have. */
const ROWS_A_PERSON = 2000;

class Problems {
  readonly found: ImportProblem[] = [];
  count = 0;

  add(problem: ImportProblem): void {
    this.count += 1;
    if (this.found.length < PROBLEMS_MAX) this.found.push(problem);
  }
}

async function keepRows(
  { imports, progress }: ImportDeps,
  importId: string,
  { file, blocks }: ImportSource,
  readBefore: number,
  problems: Problems,
): Promise<number> {
  let rows = -1;
  for await (const { rows: some, bytes, error } of blocks) {
    const kept: ImportRow[] = [];
    for (const { line, fields } of some) {
      rows += 1;
      if (rows === 0) {
        const problem = headerProblem(file, fields);
        if (problem === undefined) continue;
        problems.add({ file, line, column: '', problem });
        return 0;
      }
      const wrong = rowProblems(file, fields);
      for (const { column, problem } of wrong) problems.add({ file, line, column, problem });
      if (problems.count > 0) continue;
      kept.push({ personId: fields[0] ?? '', file, line, content: JSON.stringify(fields) });
    }
    await imports.add(importId, kept);
    if (error !== undefined) problems.add({ file, line: error.line, column: '', problem: error.reason });
    progress.at(readBefore + bytes);
  }
  if (rows < 0) problems.add({ file, line: 1, column: '', problem: 'is empty; it needs its header at least' });
  return Math.max(rows, 0);
}

function emptyRows(): Record<ImportFile, ImportRow[]> {
  return { persons: [], registrations: [], filings: [], accounts: [], accumulators: [] };
}

/** Persons one after the other, each with all their rows. */
async function* personsOf(imports: ImportStore, importId: string): AsyncGenerator<PersonRows> {
  let current: { personId: string; rows: Record<ImportFile, ImportRow[]> } | undefined;
  let after: ImportRow | undefined;
  for (;;) {
    const page = await imports.page(importId, after, ROWS_AT_ONCE);
    for (const row of page) {
      if (current?.personId !== row.personId) {
        if (current !== undefined) yield current.rows;
        current = { personId: row.personId, rows: emptyRows() };
      }
      // One row more than may be is kept, to be complained about.
      if (current.rows[row.file as ImportFile].length <= ROWS_A_PERSON) current.rows[row.file as ImportFile].push(row);
    }
    after = page.at(-1);
    if (page.length < ROWS_AT_ONCE) break;
  }
  if (current !== undefined) yield current.rows;
}

interface Checked extends Assembled {
  readonly copy: PersonCopy;
  readonly rows: PersonRows;
}

/** Puts persons together, several at once; what is wrong with one is added to the problems. */
async function* assembled(
  deps: ImportDeps,
  importId: string,
  command: ImportCommand,
  problems: Problems,
): AsyncGenerator<Checked[]> {
  const asOf = shanghaiInstant(command.asOfMs);
  const given = new Set(command.sources.map(({ file }) => file));
  const keeps = (['registrations', 'filings'] as const).filter((file) => !given.has(file));
  let some: Checked[] = [];
  for await (const rows of personsOf(deps.imports, importId)) {
    const belonging = belongingProblems(rows);
    const tooMany = Object.values(rows).find(({ length }) => length > ROWS_A_PERSON)?.[ROWS_A_PERSON];
    for (const problem of belonging) problems.add(problem);
    if (tooMany !== undefined) {
      problems.add({ ...tooMany, column: 'person_id', problem: `has more than ${ROWS_A_PERSON} rows` });
    }
    if (belonging.length > 0 || tooMany !== undefined) continue;
    const { homeRegion, text } = assemblePerson(rows, asOf);
    const line = rows.persons[0]?.line ?? 0;
    if (!deps.isRegion(homeRegion)) {
      problems.add({ file: 'persons', line, column: 'home_region', problem: 'is no county of the rules' });
      continue;
    }
    const read = readPersonCopy(deps.rulebook(), homeRegion, text, deps.clock.now());
    if (read.problems === undefined) some.push({ homeRegion, text, rows, copy: { ...read.copy, keeps } });
    else for (const problem of read.problems) problems.add(placeOf(problem, rows));
    if (some.length === PERSONS_AT_ONCE) {
      yield some;
      some = [];
    }
  }
  if (some.length > 0) yield some;
}

async function takeAll(deps: ImportDeps, persons: readonly Checked[], only: 'check' | 'take'): Promise<TakenPerson[]> {
  const taken: TakenPerson[] = [];
  for (const [region, own] of Map.groupBy(persons, ({ homeRegion }) => homeRegion)) {
    const copies = own.map(({ copy }) => copy);
    taken.push(...(await takePersons(deps, region, copies, only)));
  }
  return taken;
}

const COLUMN_OF: Readonly<Record<string, readonly [file: ImportFile, column: string]>> = {
  UNKNOWN_ADVICE: ['accounts', 'last_advice'],
  BALANCES_OUTDATED: ['accounts', 'event_sequence'],
  BELOW_ZERO: ['accounts', 'last_advice'],
};

/** Works through persons, putting the next ones together while the database is at the ones before. */
async function forEach(batches: AsyncIterable<Checked[]>, use: (some: Checked[]) => Promise<void>): Promise<void> {
  let before = Promise.resolve();
  try {
    for await (const some of batches) {
      await before;
      before = use(some);
      // Whoever waits for it next hears of it; until then nobody does, which Node would take for a slip.
      before.catch(() => undefined);
    }
  } finally {
    await before;
  }
}

async function check(deps: ImportDeps, importId: string, command: ImportCommand, persons: number, problems: Problems) {
  deps.progress.begin('check', persons);
  let done = 0;
  await forEach(assembled(deps, importId, command, problems), async (some) => {
    const rowsOf = new Map(some.map(({ text: { personId }, rows }) => [personId, rows]));
    for (const person of await takeAll(deps, some, 'check')) {
      const refusal = personRefusal(person);
      if (refusal === undefined) continue;
      const [file, column] = COLUMN_OF[refusal.code] ?? ['persons', 'person_id'];
      const problem = refusal.code === 'NOT_FOUND' ? 'is insured in another county' : refusal.detail;
      problems.add({ file, line: rowsOf.get(person.personId)?.[file][0]?.line ?? 0, column, problem });
    }
    deps.progress.at((done += some.length));
  });
}

async function apply(deps: ImportDeps, importId: string, command: ImportCommand, persons: number) {
  deps.progress.begin('apply', persons);
  const counts = { created: 0, replaced: 0, outdated: 0 };
  const refused: { personId: string; code: string }[] = [];
  let done = 0;
  await forEach(assembled(deps, importId, command, new Problems()), async (some) => {
    for (const person of await takeAll(deps, some, 'take')) {
      const refusal = personRefusal(person);
      if (refusal !== undefined) refused.push({ personId: person.personId, code: refusal.code });
      else if (person.kind !== 'taken') counts.outdated += 1;
      else if (person.created) counts.created += 1;
      else counts.replaced += 1;
    }
    deps.progress.at((done += some.length));
  });
  return { ...counts, refused };
}

/** A wish to import files. */
export interface ImportCommand {
  readonly sources: readonly ImportSource[];
  /** When the files were so at the fund. */
  readonly asOfMs: number;
}

/**
 * Imports persons, registrations, filings, balances and accumulators from files of any size, in bounded memory: the files
 * are read and checked whole, and only when nothing is wrong are persons taken over, each whole and with what was settled
 * meanwhile. One import runs at a time; one that died is simply started again.
 *
 * @shape files → figures | every row that is wrong, by line and column (the first two hundred)
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export async function importPersons(deps: ImportDeps, command: ImportCommand): Promise<ImportOutcome> {
  const { imports, progress, newId } = deps;
  const importId = newId();
  const problems = new Problems();
  const refused = (): ImportOutcome => ({ kind: 'refused', problems: problems.found, count: problems.count });
  await imports.clear();
  try {
    const rows: Partial<Record<ImportFile, number>> = {};
    let read = 0;
    progress.begin(
      'read',
      command.sources.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    for (const source of command.sources) {
      rows[source.file] = await keepRows(deps, importId, source, read, problems);
      read += source.bytes;
    }
    if (problems.count > 0) return refused();
    await check(deps, importId, command, rows.persons ?? 0, problems);
    if (problems.count > 0) return refused();
    return { kind: 'imported', rows, ...(await apply(deps, importId, command, rows.persons ?? 0)) };
  } finally {
    await imports.clear(importId);
  }
}

/** The files of an import by the names that they have in a folder. */
export const IMPORT_FILE_NAMES: Readonly<Record<ImportFile, string>> = Object.fromEntries(
  Object.keys(IMPORT_FILES).map((file) => [file, `${file}.csv`]),
) as Record<ImportFile, string>;
