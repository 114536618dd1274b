import type { CaseReason } from '../../core/casework/terms.ts';
import type { Fen } from '../../core/money/fen.ts';

export type { FundTerms } from '../../core/policy/fund-terms.ts';

/** The limit of a fund that a bill would have passed. */
export type StandInLimit = 'amount' | 'copyAge' | 'exposure';

/** Says, at once and without waiting, what may be settled from the copy: it is asked inside the settling transaction. */
export interface StandInDesk {
  isTooOld(homeRegion: string, copiedAtMs: number, nowMs: number): boolean;
  /** The limit that a bill passes; undefined: it may be settled, and counts from now on. */
  takeOn(homeRegion: string, copiedAtMs: number, amount: Fen, nowMs: number): StandInLimit | undefined;
}

/** The home fund's system, asked for one person. */
export interface FreshLook {
  /**
   * Asks the fund and takes its answer into the copy; false when the fund does not know the person.
   *
   * @throws AppError BREAKER_OPEN, PARTNER_TIMEOUT, PARTNER_UNREACHABLE, PARTNER_FAILED, ANSWER_NOT_UNDERSTOOD,
   *   PERSON_NOT_TAKEN (all retryable), PARTNER_REFUSED
   */
  refresh(region: string, personId: string, deadlineMs: number): Promise<boolean>;
}

export type ProvisionalState = 'provisional' | 'confirmed' | 'corrected' | 'expired';

/** A settlement that was made from the copy, and what became of it. */
export interface Provisional {
  readonly settlementId: string;
  readonly homeRegion: string;
  readonly personId: string;
  /** Business day in Asia/Shanghai. */
  readonly day: string;
  /** What the fund and its accounts pay. */
  readonly amount: Fen;
  /** Why the fund could not be asked: an error code. */
  readonly reason: string;
  readonly copiedAtMs: number;
  readonly settledAtMs: number;
  readonly state: ProvisionalState;
  readonly resolvedAtMs: number | undefined;
  /** The settlement that took its place; undefined when nothing did. */
  readonly correctedBy: string | undefined;
  /** What the patient pays more in cash (negative: less) after a correction. */
  readonly difference: Fen | undefined;
}

/** What a fund stands to owe from provisional settlements of a day. */
export interface Exposure {
  readonly region: string;
  readonly day: string;
  readonly amount: Fen;
  readonly settlements: number;
}

/** What became of a provisional settlement. */
export interface Resolution {
  readonly settlementId: string;
  readonly state: Exclude<ProvisionalState, 'provisional'>;
  readonly atMs: number;
  readonly correctedBy?: string | undefined;
  readonly difference?: Fen | undefined;
}

/** Provisional settlements. They are written by the settling transaction. */
export interface ProvisionalStore {
  /** Those of a fund that are open, oldest first. */
  open(region: string, limit: number): Promise<readonly Provisional[]>;
  byIds(settlementIds: readonly string[]): Promise<readonly Provisional[]>;
  /** Does nothing when it is resolved already. */
  resolve(resolution: Resolution): Promise<void>;
  /** Those that were corrected at or after an instant. */
  correctedSince(sinceMs: number): Promise<readonly Provisional[]>;
  /** Those that were taken back with nothing in their place and that no case is about, by id after one of them. */
  rejectedWithoutCase(after: string, limit: number): Promise<readonly Provisional[]>;
  /** Open exposure of every fund, by day. */
  exposures(): Promise<readonly Exposure[]>;
  /** All that was taken on for a fund on a day, resolved or not. */
  takenOn(region: string, day: string): Promise<Fen>;
}

/** Why the engine hands something over to people. */
export interface CaseToOpen {
  readonly reason: Exclude<CaseReason, 'manual'>;
  /** With the reason, what makes the case the same case: a settlement, an objection, or a bill by institution and number. */
  readonly subjectId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly personId: string;
  /** Undefined when nothing was settled. */
  readonly settlementId: string | undefined;
  readonly billNumber: string;
  /** What the patient is without, in fen. */
  readonly claimed: Fen;
  readonly detail: string;
}

/** Where cases are opened; the same reason and subject again opens nothing. */
export interface CaseOpener {
  open(about: CaseToOpen): Promise<void>;
}

/** How a bill may be settled after the home fund was asked. */
export type Standing =
  /** Its answer is in the copy. */
  | { readonly kind: 'confirmed' }
  /** None came: the engine stands in for it. The reason is an error code. */
  | { readonly kind: 'standIn'; readonly reason: string };
