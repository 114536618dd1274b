import type { DateText } from '../calendar.ts';
import type { Fen, Ratio } from '../money/fen.ts';
import type { ParameterRow, Provenance } from '../policy/parameter.ts';
import type { AccountSource, BenefitKind, Fund, ItemClass, PersonPart } from '../policy/terms.ts';

/** Why a line was split as it was. */
export type LineReason =
  'CLASS_A' | 'CLASS_B' | 'CLASS_C' | 'NOT_IN_CATALOGUE' | 'RESTRICTED_USE' | 'FULL_SELF_PAY_RATIO';

/** One line's split; `fullSelfPay + overLimit + firstSelfPay + eligible` is the line's amount. */
export interface LineVerdict {
  readonly no: number;
  readonly itemClass: ItemClass;
  readonly reason: LineReason;
  readonly firstSelfPayRatio: Ratio;
  readonly overPriceLimit: boolean;
  readonly compliant: boolean;
  readonly fullSelfPay: Fen;
  readonly overLimit: Fen;
  readonly firstSelfPay: Fen;
  readonly eligible: Fen;
  /** The benefit that the line falls under: the bill's own, or the ordinary one for what a special disease does not cover. */
  readonly benefit: BenefitKind;
}

/** A slice of expense inside one band. */
export interface BandSlice {
  readonly band: number;
  readonly amount: Fen;
  readonly ratio: Ratio;
}

/** What one stage did: `expense = deducted + beyond`, `beyond = (paid − lumpSum) + coinsurance + overCap`. */
export interface StageVerdict {
  readonly stage: string;
  readonly fund: Fund;
  readonly expense: Fen;
  readonly deducted: Fen;
  readonly beyond: Fen;
  readonly covered: Fen;
  readonly slices: readonly BandSlice[];
  readonly lumpSum: Fen;
  readonly paid: Fen;
  readonly coinsurance: Fen;
  readonly overCap: Fen;
}

/** Steps of adjudication that leave a trace. */
export type TraceStep =
  | 'benefitYear'
  | 'specialDisease'
  | 'outOfArea'
  | 'accountFirst'
  | 'deductible'
  | 'bands'
  | 'cap'
  | 'lumpSum'
  | 'layer'
  | 'account'
  | 'cash';

/** One mechanism's work: what went in, which values of law it used, what came out. Amounts are fen. */
export interface TraceEntry {
  readonly step: TraceStep;
  /** Benefit, layer, cap or purse it was about. */
  readonly of: string;
  readonly rows: readonly ParameterRow<unknown>[];
  readonly inputs: Readonly<Record<string, number | string>>;
  readonly result: Readonly<Record<string, number | string>>;
}

/** A change of one accumulator. */
export interface AccumulatorChange {
  readonly bucket: string;
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/** The engine's answer to a bill. Amounts are fen; the identities of design §4 hold. */
export interface Verdict {
  readonly kind: 'verdict';
  readonly policyHash: string;
  /** Catalogues used, by hash; more than one when fee dates straddle a change. */
  readonly catalogueHashes: readonly string[];
  readonly catalogueOf: 'home' | 'treatment';
  /** Tag of what the two regions agreed: whose catalogue, zone, open disease. */
  readonly pairProvenance: Provenance;
  readonly benefitDate: DateText;
  readonly yearStart: DateText;
  readonly total: Fen;
  readonly fullSelfPay: Fen;
  readonly overLimit: Fen;
  readonly firstSelfPay: Fen;
  readonly eligible: Fen;
  readonly lines: readonly LineVerdict[];
  /** Benefits, then layers, in the order in which they were worked out. */
  readonly stages: readonly StageVerdict[];
  readonly funds: Readonly<Record<Fund, Fen>>;
  readonly fundTotal: Fen;
  readonly personTotal: Fen;
  /** What is left of each part of the person's share after all funds; adds up to `personTotal`. */
  readonly personParts: Readonly<Record<PersonPart, Fen>>;
  readonly accounts: Readonly<Record<AccountSource, Fen>>;
  readonly account: Fen;
  readonly cash: Fen;
  readonly accumulators: readonly AccumulatorChange[];
  readonly trace: readonly TraceEntry[];
}

/** A lawful no. The list is in order of precedence: the first that applies is the answer. */
export const REJECTION_CODES = [
  'NOT_INSURED',
  'COVERAGE_SUSPENDED',
  'NO_POLICY',
  'BENEFIT_NOT_PROVIDED',
  'NO_CATALOGUE',
  'DISEASE_NOT_LISTED',
  'DISEASE_NOT_OPEN',
  'NO_REGISTRATION',
  'PERIOD_ENDED',
] as const;

/** Code of a rejection. */
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** A lawful no to a bill. */
export interface Rejection {
  readonly kind: 'rejection';
  readonly code: RejectionCode;
  readonly detail: string;
}
