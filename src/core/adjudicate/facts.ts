import type { DateText } from '../calendar.ts';
import type { Fen, Price, Quantity } from '../money/fen.ts';
import type { BenefitKind, FilingKind, InstitutionGroup, MedicalAidClass, Scheme } from '../policy/terms.ts';

/** One line of a bill. A refund inside the bill has a negative quantity and amount and names the line it refunds. */
export interface BillLine {
  /** From 1, in the order of the bill. */
  readonly no: number;
  /** National code of the item, after the institution's mapping; undefined when there is none. */
  readonly code: string | undefined;
  readonly name: string;
  readonly quantity: Quantity;
  readonly price: Price;
  readonly amount: Fen;
  readonly feeDate: DateText;
  /** Disease for which the doctor certified the item. */
  readonly certifiedFor: string | undefined;
  /** The hospital confirms that a restricted use is met (CHS hosp_appr_flag). */
  readonly restrictionMet: boolean;
  readonly refundOf: number | undefined;
}

/** A bill as the hospital posted it, checked for form; `total` is the sum of the lines. */
export interface Bill {
  readonly kind: BenefitKind;
  /** Day of the visit, or of discharge for a stay. */
  readonly visitDate: DateText;
  readonly admissionDate: DateText | undefined;
  readonly emergency: boolean;
  /** National code of the special disease the visit is for. */
  readonly disease: string | undefined;
  readonly total: Fen;
  readonly lines: readonly BillLine[];
}

/** Where the bill comes from. */
export interface InstitutionFacts {
  readonly id: string;
  readonly region: string;
  readonly level: number;
  readonly groups: readonly InstitutionGroup[];
}

/** A span in which a person is insured, or in which coverage is suspended. */
export interface Coverage {
  readonly from: DateText;
  readonly to: DateText | undefined;
  readonly state: 'active' | 'suspended';
}

/** A registered special disease; a relapse is a new registration, which restarts the periods. */
export interface Registration {
  readonly disease: string;
  readonly from: DateText;
  readonly to: DateText | undefined;
  /** Day from which periods are counted. */
  readonly periodsFrom: DateText;
}

/** A filing for treatment away from home. */
export interface Filing {
  readonly kind: Exclude<FilingKind, 'none'>;
  /** Region it is for; undefined: anywhere. */
  readonly treatmentRegion: string | undefined;
  readonly from: DateText;
  readonly to: DateText | undefined;
}

/** What the engine knows of an insured person. */
export interface PersonFacts {
  readonly id: string;
  readonly homeRegion: string;
  readonly scheme: Scheme;
  readonly birthDate: DateText;
  readonly status: 'active' | 'retired';
  readonly retiredOn: DateText | undefined;
  readonly severeDisability: boolean;
  readonly student: boolean;
  readonly familyDoctor: boolean;
  readonly civilServant: boolean;
  readonly medicalAid: MedicalAidClass;
  readonly coverage: readonly Coverage[];
  readonly registrations: readonly Registration[];
  readonly filings: readonly Filing[];
}

/** Balances that a bill can draw on. `family` is that of the person who lets this one use theirs. */
export interface AccountBalances {
  readonly current: Fen;
  readonly carried: Fen;
  readonly family: Fen;
}

/**
 * Accumulators by bucket and name. A bucket is a benefit year (its first day) or a period of a special disease
 * (`disease/first day`). A missing name is 0.
 */
export type Accumulators = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Everything adjudication looks at, fetched before. */
export interface Facts {
  readonly bill: Bill;
  readonly institution: InstitutionFacts;
  readonly person: PersonFacts;
  /** Day on which the bill is settled. */
  readonly settledOn: DateText;
  readonly accumulators: Accumulators;
  readonly accounts: AccountBalances;
}
