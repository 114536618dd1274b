import { invariant } from '../invariant.ts';
import type { DateText } from '../calendar.ts';
import type { BenefitKind, FilingKind, InstitutionGroup, ItemClass, MedicalAidClass } from './terms.ts';

/** How sure a value of law is: found in a public page, from memory, or chosen for demonstration. */
export type Provenance = 'sourced' | 'memory' | 'illustrative';

/** Everything a row of a parameter may depend on. Plain data, prepared once per bill and stage. */
export interface Attributes {
  readonly level: number;
  readonly status: 'active' | 'retired';
  readonly age: number;
  readonly retiredOn: DateText | undefined;
  readonly severeDisability: boolean;
  readonly student: boolean;
  readonly familyDoctor: boolean;
  readonly civilServant: boolean;
  readonly medicalAid: MedicalAidClass;
  readonly groups: readonly InstitutionGroup[];
  readonly benefit: BenefitKind;
  readonly emergency: boolean;
  readonly filing: FilingKind;
  readonly disease: string | undefined;
  readonly period: string | undefined;
  /** Which admission of the benefit year this stay is, from 1; 0 outside inpatient care. */
  readonly admission: number;
  /** Which band of the stage, from 1; 0 outside bands. */
  readonly band: number;
  /** Class of the slice, when a ratio depends on it. */
  readonly itemClass: ItemClass | undefined;
}

/** A condition on attributes, compiled from the policy's `when`. `text` is how the policy wrote it. */
export interface Condition {
  readonly text: string;
  readonly uses: readonly (keyof Attributes)[];
  readonly holds: (attributes: Attributes) => boolean;
}

/** One value of law with everything a trace must say about it. */
export interface ParameterRow<T = number> {
  /** Path of the parameter inside its policy, for example `benefits.outpatient.deductible.amount`. */
  readonly parameter: string;
  /** Position of this row among all rows of its policy, so that a stored trace can name it by number. */
  readonly index: number;
  readonly from: DateText;
  readonly to: DateText | undefined;
  readonly when: Condition | undefined;
  readonly value: T;
  readonly source: string;
  readonly provenance: Provenance;
  readonly note: string | undefined;
}

/** A value of law over time: dated entries without gap or overlap, each a list of rows of which the first match counts. */
export interface Parameter<T = number> {
  readonly id: string;
  readonly entries: readonly {
    readonly from: DateText;
    readonly to: DateText | undefined;
    readonly rows: readonly ParameterRow<T>[];
  }[];
}

/** Value of a cap parameter that means that there is none. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The row of a parameter that counts on a day for these attributes.
 *
 * @shape parameter, day, attributes → row (first match)
 * @throws InvariantViolation when none matches: loading proves that every day and every combination has a row
 */
export function rowFor<T>(parameter: Parameter<T>, on: DateText, attributes: Attributes): ParameterRow<T> {
  for (const entry of parameter.entries) {
    if (on < entry.from || (entry.to !== undefined && on > entry.to)) continue;
    for (const row of entry.rows) {
      if (row.when === undefined || row.when.holds(attributes)) return row;
    }
  }
  invariant(false, `parameter ${parameter.id} has no value on ${on} for these attributes`);
}
