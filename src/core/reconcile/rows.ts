import type { Fen } from '../money/fen.ts';
import type { Scheme } from '../policy/terms.ts';

/** Whose file is held against our books: an institution's (3202, or our CSV), or a home fund's. */
export type FileSource = 'institution' | 'fund';

/** What both sides add up; negative throughout for a reversal. */
export interface Figures {
  readonly total: Fen;
  readonly fundTotal: Fen;
  readonly account: Fen;
}

/** A settlement or reversal as our books have it. */
export interface BookedRow extends Figures {
  readonly settlementId: string;
  readonly windowId: number;
  readonly billNumber: string;
  readonly personId: string;
  readonly institutionId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly scheme: Scheme;
  /** The settlement that a reversal undoes; undefined for a settlement. */
  readonly reverses: string | undefined;
}

/** A line of the other side's file. A reversed settlement is two lines: one positive, one negative with `refund`. */
export interface FileLine extends Figures {
  readonly lineNo: number;
  /** As the file has it. A negative line names the settlement that it undoes, or the reversal itself. */
  readonly givenId: string;
  readonly refund: boolean;
  /** Visit (3202) or bill number (our CSV). */
  readonly visitId: string;
  readonly personId: string;
  /** Hash of the policy that the other side settled by, where the file says. */
  readonly policyHash: string | undefined;
}

/** Another row that explains a difference. */
export interface RelatedRow {
  readonly settlementId: string;
  readonly windowId: number;
}

/** One settlement or reversal on which the books and a file do not agree, with what there is to know about it. */
export interface Unmatched {
  /** In the period and of the party of the file; undefined when the books have nothing that the lines could be. */
  readonly ours: BookedRow | undefined;
  /** All lines of the file about it, in order; none when the file has nothing. */
  readonly lines: readonly FileLine[];
  /** What the lines are about, when it is in our books for another period. */
  readonly elsewhere: BookedRow | undefined;
  /** The reversal of `ours` or `elsewhere`, or what it reverses. */
  readonly counterpart: RelatedRow | undefined;
  /** Row of this period of the same bill, of which the file has a line of its own. */
  readonly sameBill: RelatedRow | undefined;
  /** Hash of the policy that `ours` was settled by; asked for only where a line names one. */
  readonly policyHash: string | undefined;
}

/**
 * What a difference is.
 *
 * - `missingHere`: the file has it, our books have not · `missingThere`: the other way round
 * - `amount`: both have it, figures or the person differ · `duplicate`: the file has it once too often
 * - `reversedAfterClose`: one side has it reversed in a later period than the other
 * - `ruleVersion`: figures differ because each side settled by another version of the rules
 *
 * @source design §10
 */
export const DIFFERENCE_CLASSES = [
  'missingHere',
  'missingThere',
  'amount',
  'duplicate',
  'reversedAfterClose',
  'ruleVersion',
] as const;
/** One of {@link DIFFERENCE_CLASSES}. */
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];
