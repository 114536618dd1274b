import { previousDate, type DateText } from '../core/calendar.ts';
import { shareOf, type Fen } from '../core/money/fen.ts';
import type { Condition, Parameter, ParameterRow } from '../core/policy/parameter.ts';
import { weakestProvenance } from '../core/policy/policy.ts';
import { checkTiling, type Span } from './check-dates.ts';
import { compileCondition } from './compile-condition.ts';
import type { AmountDocument, ConditionDocument, ParameterDocument } from './policy-schema.ts';
import { pathText, type FileErrors, type Path } from './rule-error.ts';

/** What compiling one policy gathers on the way. */
export interface Compilation {
  readonly rows: ParameterRow<unknown>[];
  /** Where each parameter, row and condition stands in the document, for errors. */
  readonly paths: Map<object, Path>;
  readonly conditions: { readonly when: ConditionDocument; readonly path: Path }[];
  readonly indices: Map<string, Parameter<Fen>>;
  /** The days that the policy is in force. */
  readonly whole: Span;
  readonly errors: FileErrors;
}

/** A place in a policy: where it is written (for errors), and what it is called (for traces). */
export interface Place {
  readonly compilation: Compilation;
  readonly path: Path;
  readonly name: string;
}

export function inside(place: Place, ...keys: readonly string[]): Place {
  return {
    ...place,
    path: [...place.path, ...keys],
    name: pathText([...(place.name === '' ? [] : [place.name]), ...keys]),
  };
}

/** A member of a list: written at a position, called by its id. */
export function member(place: Place, list: string, at: number, id: string): Place {
  return { ...inside(place, list, id), path: [...place.path, list, at] };
}

export function compileConditionAt({ compilation }: Place, when: ConditionDocument, path: Path): Condition {
  const condition = compileCondition(when);
  compilation.conditions.push({ when, path });
  compilation.paths.set(condition, path);
  return condition;
}

/** Gives a row its number in the policy. */
export function addRow<T>(
  place: Place,
  row: Omit<ParameterRow<T>, 'index' | 'parameter'>,
  path = place.path,
): ParameterRow<T> {
  const { rows, paths } = place.compilation;
  const numbered = { parameter: place.name, index: rows.length, ...row };
  rows.push(numbered);
  paths.set(numbered, path);
  return numbered;
}

/** How a written value becomes the value of a row: which indices it is a share of, and what it comes to given theirs. */
export interface Reading<Written, T> {
  readonly indicesIn: (written: Written) => readonly string[];
  readonly valueOf: (written: Written, indexValue: (index: string) => Fen) => T;
}

export function asWritten<T>(): Reading<T, T> {
  return { indicesIn: () => [], valueOf: (written) => written };
}

function fenOf(amount: AmountDocument, indexValue: (index: string) => Fen): Fen {
  return typeof amount === 'number' ? amount : shareOf(indexValue(amount.index), amount.times);
}

export const asAmount: Reading<AmountDocument, Fen> = {
  indicesIn: (written) => (typeof written === 'number' ? [] : [written.index]),
  valueOf: fenOf,
};

export const asEdges: Reading<readonly AmountDocument[], readonly Fen[]> = {
  indicesIn: (written) => written.flatMap((edge) => asAmount.indicesIn(edge)),
  valueOf: (written, indexValue) => written.map((edge) => fenOf(edge, indexValue)),
};

type Entry<Written> = ParameterDocument<Written>[number];
type Row<Written> = NonNullable<Entry<Written>['rows']>[number];

function rowsOf<Written>(entry: Entry<Written>): readonly Row<Written>[] {
  return entry.rows ?? [{ value: entry.value as Written }];
}

/** The entry's span, cut where an index that its values rest on changes; what ends before the policy begins is left out. */
function cutAtIndices(entry: Entry<unknown>, indices: readonly Parameter<Fen>[], whole: Span): Span[] {
  const starts = new Set<DateText>([entry.from]);
  for (const { from } of indices.flatMap((index) => index.entries)) {
    if (from > entry.from && (entry.to === undefined || from <= entry.to)) starts.add(from);
  }
  const sorted = [...starts].sort();
  const spans = sorted.map((from, at): Span => {
    const next = sorted[at + 1];
    return { from, to: next === undefined ? entry.to : previousDate(next) };
  });
  return spans.filter(({ to }) => to === undefined || to >= whole.from);
}

function indexRowOn(index: Parameter<Fen> | undefined, on: DateText): ParameterRow<Fen> | undefined {
  return index?.entries.find(({ from, to }) => from <= on && (to === undefined || on <= to))?.rows[0];
}

/**
 * Compiles a dated list. A value that is a share of an index becomes one row for each value of the index, which names both
 * sources and has the weaker provenance of the two.
 */
export function compileParameter<Written, T>(
  place: Place,
  entries: readonly Entry<Written>[],
  { indicesIn, valueOf }: Reading<Written, T>,
): Parameter<T> {
  const { errors, indices, whole, paths } = place.compilation;
  checkTiling(entries, whole, (at, reason) => errors.add([...place.path, at], reason));

  const rowIn = (entry: Entry<Written>, span: Span, row: Row<Written>, path: Path): ParameterRow<T> => {
    const bases = new Map(indicesIn(row.value).map((name) => [name, indexRowOn(indices.get(name), span.from)]));
    const known = [...bases.values()].filter((base) => base !== undefined);
    return addRow<T>(
      place,
      {
        from: span.from,
        to: span.to,
        when: row.when && compileConditionAt(place, row.when, [...path, 'when']),
        value: valueOf(row.value, (name) => bases.get(name)?.value ?? 0),
        source: [row.source ?? entry.source, ...known.map((base) => `${base.parameter}: ${base.source}`)].join('; '),
        provenance: weakestProvenance([row.provenance ?? entry.provenance, ...known.map((base) => base.provenance)]),
        note: row.note ?? entry.note,
      },
      path,
    );
  };

  const compiled = entries.flatMap((entry, at) => {
    const entryPath: Path = [...place.path, at];
    const names = new Set(rowsOf(entry).flatMap((row) => indicesIn(row.value)));
    for (const name of names) if (!indices.has(name)) errors.add(entryPath, `no index is called ${name}`);
    const used = [...names].flatMap((name) => indices.get(name) ?? []);
    const spans = cutAtIndices(entry, used, whole);
    return spans.map((span) => ({
      from: span.from,
      to: span.to,
      rows: rowsOf(entry).map((row, rowAt) =>
        rowIn(entry, span, row, entry.rows === undefined ? entryPath : [...entryPath, 'rows', rowAt]),
      ),
    }));
  });
  const parameter: Parameter<T> = { id: place.name, entries: compiled };
  paths.set(parameter, place.path);
  return parameter;
}
