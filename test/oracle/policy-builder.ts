import type { Attributes, Condition, Parameter, ParameterRow } from '../../src/core/policy/parameter.ts';
import type { Benefit, Policy } from '../../src/core/policy/policy.ts';
import type { BenefitKind } from '../../src/core/policy/terms.ts';

export interface DraftRow<T> {
  readonly when?: Condition;
  readonly value: T;
}

/** A condition on one or more attributes. */
export function when(text: string, uses: readonly (keyof Attributes)[], holds: Condition['holds']): Condition {
  return { text, uses, holds };
}

/** A compiled policy in the making: hands out parameters and remembers all their rows. */
export class Draft {
  readonly rows: ParameterRow<unknown>[] = [];

  private row<T>(parameter: string, span: { from: string; to: string | undefined }, row: DraftRow<T>): ParameterRow<T> {
    const made: ParameterRow<T> = {
      parameter,
      index: this.rows.length,
      ...span,
      when: row.when,
      value: row.value,
      source: 'generated',
      provenance: 'illustrative',
      note: undefined,
    };
    this.rows.push(made);
    return made;
  }

  /** A parameter of dated entries; each begins on its day and ends the day before the next. */
  dated<T>(
    id: string,
    entries: readonly { from: string; to: string | undefined; rows: DraftRow<T>[] }[],
  ): Parameter<T> {
    return {
      id,
      entries: entries.map(({ from, to, rows }) => ({
        from,
        to,
        rows: rows.map((row) => this.row(id, { from, to }, row)),
      })),
    };
  }

  /** A parameter of one entry for all time. */
  always<T>(id: string, rows: DraftRow<T>[]): Parameter<T> {
    return this.dated(id, [{ from: '1900-01-01', to: undefined, rows }]);
  }

  constant<T>(id: string, value: T): Parameter<T> {
    return this.always(id, [{ value }]);
  }

  /** The row that stands for a rule without a number of its own. */
  rule(id: string): ParameterRow<string> {
    return this.row(id, { from: '1900-01-01', to: undefined }, { value: id });
  }
}

/** A benefit that pays everything, but for what is said otherwise. */
export function benefit(draft: Draft, kind: BenefitKind, other: Partial<Benefit>): Benefit {
  const bands = {
    measure: 'afterDeductible' as const,
    accumulator: undefined,
    edges: draft.constant<readonly number[]>(`benefits.${kind}.bands.edges`, [0]),
    ratio: draft.constant(`benefits.${kind}.bands.ratio`, 100_000_000),
  };
  return { id: kind, kind, deductible: undefined, bands, caps: [], longStayDays: undefined, ...other };
}

/** A policy without any benefit, but for what is said otherwise. */
export function policy(draft: Draft, other: Partial<Policy>): Policy {
  return {
    hash: 'generated',
    id: 'generated',
    region: 'home',
    scheme: 'employee',
    from: '1900-01-01',
    to: undefined,
    year: { startsOn: '01-01', placedBy: 'settlement', row: draft.rule('year') },
    accumulators: [],
    benefits: {},
    diseases: [],
    layers: [],
    outOfArea: undefined,
    accounts: [],
    rows: draft.rows,
    ...other,
  };
}
