import type { DateText } from '../calendar.ts';
import type { Fen, Ratio } from '../money/fen.ts';
import type { Condition, Parameter, ParameterRow, Provenance } from './parameter.ts';
import type { AccountSource, BenefitKind, Fund, PersonPart, Scheme } from './terms.ts';

/**
 * What an accumulator counts of a stage (a benefit or a layer).
 *
 * - `expense`: what came into the stage (for a layer: its base)
 * - `deducted`: deductible consumed · `beyond`: what lies after the deductible
 * - `covered`: what an expense cap let through · `coveredAndDeducted`: the same with the deductible
 * - `paid`: what the stage paid
 * - `admissions`: stays counted · `standard`: the deductible's amount that the first stay of the year fixed
 */
export type Measure =
  'expense' | 'deducted' | 'beyond' | 'covered' | 'coveredAndDeducted' | 'paid' | 'admissions' | 'standard';

/**
 * A running sum of a person, by benefit year or by period of a special disease.
 * Amounts are fen; `admissions` is a plain count.
 */
export interface Accumulator {
  readonly name: string;
  readonly measure: Measure;
  /** Benefits (`outpatient`…) and layers (by id) that feed it. */
  readonly of: readonly string[];
  /** Bills that feed it; all when undefined. Makes a cap of its own for some institutions or diseases inside another. */
  readonly when: Condition | undefined;
  readonly per: 'year' | 'period';
}

/** How much of the expense a person bears before a stage pays (policy-facts G.3). */
export type Deductible =
  | {
      readonly form: 'yearly';
      readonly amount: Parameter<Fen>;
      /** Counts `deducted`, or `expense` when the amount is a threshold on the accumulated base. */
      readonly accumulator: string;
      /** `topUp`: the standard of this bill less what was used; `firstCome`: the standard that the first bill fixed. */
      readonly once: 'topUp' | 'firstCome';
      /** Counts `standard`; only with `firstCome`. */
      readonly standardAccumulator: string | undefined;
      readonly waived: readonly Condition[];
    }
  | {
      readonly form: 'perAdmission';
      readonly amount: Parameter<Fen>;
      /** Factor by admission number; `chained` multiplies the factors of all rows passed on the way. */
      readonly factor: Parameter<Ratio> | undefined;
      readonly chained: boolean;
      /** Flat amount that replaces the standard from some admission on; NO_LIMIT where it does not. */
      readonly flat: Parameter<Fen> | undefined;
      readonly floor: Parameter<Fen> | undefined;
      /** Counts `admissions`. */
      readonly admissions: string | undefined;
      readonly yearlyCeiling: { readonly amount: Parameter<Fen>; readonly accumulator: string } | undefined;
      readonly waived: readonly Condition[];
    };

/** Marginal bands (policy-facts G.6). A single ratio is one band from 0. */
export interface Bands {
  /** Whether edges are laid on the expense with the deductible in it, or on what lies beyond the deductible. */
  readonly measure: 'gross' | 'afterDeductible';
  /** Where the bill starts on the edges: at 0, or at an accumulator of the year. */
  readonly accumulator: string | undefined;
  /** Lower edges, rising, the first is 0. */
  readonly edges: Parameter<readonly Fen[]>;
  readonly ratio: Parameter<Ratio>;
}

/** A limit on what a stage pays or on the expense it looks at (policy-facts G.7). Several caps nest: the tightest binds. */
export interface Cap {
  readonly id: string;
  readonly on: 'payment' | 'expense';
  readonly amount: Parameter<Fen>;
  /** Counts `paid` for payment; `covered` or `coveredAndDeducted` for expense. None: a cap per bill. */
  readonly accumulator: string | undefined;
  readonly includesDeductible: boolean;
  /** What a payment cap leaves over: the payment cut off, or the expense beyond the point where it was reached. */
  readonly overflow: 'payment' | 'expense';
  readonly when: Condition | undefined;
}

/** One step that pays: deductible, then bands, then caps. Benefits and layers are both stages. */
export interface Stage {
  readonly id: string;
  readonly deductible: Deductible | undefined;
  readonly bands: Bands;
  readonly caps: readonly Cap[];
}

/** The basic benefit of one kind of bill; what it pays is the pool's. */
export interface Benefit extends Stage {
  readonly kind: BenefitKind;
  /** A stay longer than this many days settles as several admissions (policy-facts G.4). */
  readonly longStayDays: Parameter | undefined;
}

/** A further layer on what the person bears after the earlier ones (policy-facts G.9). */
export interface Layer extends Stage {
  readonly fund: Exclude<Fund, 'pool'>;
  /** It sees only the parts of a bill that fall under these benefits. */
  readonly benefits: readonly BenefitKind[];
  readonly when: Condition | undefined;
  /** What is left of these parts, after the layers before, is the base; payments take from them in this order. */
  readonly base: readonly PersonPart[];
  /** Paid once, when the accumulated base reaches `at`. */
  readonly lumpSum:
    { readonly at: Parameter<Fen>; readonly pays: Parameter<Fen>; readonly accumulator: string } | undefined;
}

/** A disease with a benefit of its own (policy-facts G.10). */
export interface SpecialDisease {
  readonly code: string;
  readonly name: string;
  /** Whether only listed items count, every item does, or none by list. */
  readonly scope: 'listed' | 'any';
  /** National codes; a trailing `*` stands for every code that begins so. */
  readonly items: readonly string[];
  /** Items that the doctor certifies for the disease count too. */
  readonly certifiedItems: boolean;
  /** Periods that follow each other from the registration's (or relapse's) start; the last may be open. */
  readonly periods: readonly { readonly id: string; readonly months: Parameter | undefined }[];
  readonly row: ParameterRow<string>;
}

/** Out-of-area adjustment (policy-facts G.12): any of five forms, each by filing kind; off inside the zone. */
export interface OutOfArea {
  readonly extraFirstSelfPay: Parameter<Ratio> | undefined;
  readonly ratioMinus: Parameter<Ratio> | undefined;
  readonly benefitTimes: Parameter<Ratio> | undefined;
  readonly deductibleTimes: Parameter<Ratio> | undefined;
  /** Level that counts instead of the hospital's own; 0 keeps it. */
  readonly level: Parameter | undefined;
}

/** What one purse may pay, by kind of bill (policy-facts G.13). */
export interface AccountRule {
  readonly source: AccountSource;
  readonly benefits: readonly BenefitKind[];
  /** Kinds of bill where this purse pays the eligible amount before the deductible. */
  readonly first: readonly BenefitKind[];
  readonly pays: readonly PersonPart[];
  readonly row: ParameterRow<string>;
}

/** The rules of one scheme in one region over a span of days, compiled and immutable. */
export interface Policy {
  /** Hash of the policy's content; a settlement stores it. */
  readonly hash: string;
  readonly id: string;
  readonly region: string;
  readonly scheme: Scheme;
  readonly from: DateText;
  readonly to: DateText | undefined;
  readonly year: {
    readonly startsOn: string;
    readonly placedBy: 'settlement' | 'discharge' | 'admission';
    readonly row: ParameterRow<string>;
  };
  readonly accumulators: readonly Accumulator[];
  readonly benefits: Readonly<Partial<Record<BenefitKind, Benefit>>>;
  readonly diseases: readonly SpecialDisease[];
  readonly layers: readonly Layer[];
  readonly outOfArea: OutOfArea | undefined;
  readonly accounts: readonly AccountRule[];
  /** Every row of every parameter; `rows[i].index === i`. */
  readonly rows: readonly ParameterRow<unknown>[];
}

/** The weakest provenance among values that a result rests on. */
export function weakestProvenance(all: Iterable<Provenance>): Provenance {
  let weakest: Provenance = 'sourced';
  for (const provenance of all) {
    if (provenance === 'illustrative') return 'illustrative';
    if (provenance === 'memory') weakest = 'memory';
  }
  return weakest;
}
