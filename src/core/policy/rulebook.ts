import type { DateText } from '../calendar.ts';
import type { Catalogue } from './catalogue.ts';
import type { Provenance } from './parameter.ts';
import type { Policy } from './policy.ts';
import type { BenefitKind, Scheme } from './terms.ts';

/** What two regions agreed for patients of one treated in the other, on a day. */
export interface PairRules {
  /** Whose catalogue splits the lines. */
  readonly catalogueOf: 'home' | 'treatment';
  /** Both lie in a zone in which no filing is needed and no adjustment is made, by kind of bill. */
  readonly zone: boolean;
  /** Special diseases that settle directly between the two. */
  readonly openDiseases: readonly string[];
  /** The weakest tag among what was agreed, as far as this kind of bill rests on it. */
  readonly provenance: Provenance;
}

/**
 * All rules in force, compiled once when loaded and replaced as a whole.
 * Look-ups return undefined where nothing is in force.
 */
export interface Rulebook {
  policyOn(region: string, scheme: Scheme, on: DateText): Policy | undefined;
  policyByHash(hash: string): Policy | undefined;
  catalogueOn(region: string, on: DateText): Catalogue | undefined;
  catalogueByHash(hash: string): Catalogue | undefined;
  pairOn(home: string, treatment: string, benefit: BenefitKind, on: DateText): PairRules;
}

interface Dated {
  readonly from: DateText;
  readonly to: DateText | undefined;
}

/** The version in force on a day, of versions that do not overlap. */
export function inForce<T extends Dated>(versions: readonly T[], on: DateText): T | undefined {
  return versions.find((version) => version.from <= on && (version.to === undefined || on <= version.to));
}
