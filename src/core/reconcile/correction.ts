import { invariant, unreachable } from '../invariant.ts';
import { postingsOf, type Posting } from '../ledger/postings.ts';
import type { Fen } from '../money/fen.ts';
import type { BookedRow, DifferenceClass, FileLine, FileSource, RelatedRow } from './rows.ts';

/**
 * What is to be done about a difference.
 *
 * - `reverse`: undo our settlement, which the institution knows nothing of (2208, 2601); moves money
 * - `adjust`: take the other side's fund payment, by postings in the open window; moves money
 * - `postAgain`: the institution posts the bill, or the reversal, again
 * - `settleAgain`: the institution reverses the settlement and settles the bill again
 * - `correctThere`: the other side corrects its books · `adviseAgain`: the home fund gets our advice again
 * - `dropLine`: the other side drops the line · `otherPeriod`: nothing; it is in our books for another period
 * - `seeReversal`: nothing; the reversal stands in the period named · `recompute`: work the bill out again by both rules
 */
export const CORRECTION_ACTIONS = [
  'reverse',
  'adjust',
  'postAgain',
  'settleAgain',
  'correctThere',
  'adviseAgain',
  'dropLine',
  'otherPeriod',
  'seeReversal',
  'recompute',
] as const;
/** One of {@link CORRECTION_ACTIONS}. */
export type CorrectionAction = (typeof CORRECTION_ACTIONS)[number];

/** A proposal, which a clerk accepts or refuses. */
export interface Correction {
  readonly action: CorrectionAction;
  /** What `adjust` adds to the fund payment; 0 for every other action. */
  readonly adjustBy: Fen;
}

/** What a proposal rests on. */
export interface CorrectionCase {
  readonly class: DifferenceClass;
  readonly refund: boolean;
  readonly ours: BookedRow | undefined;
  readonly line: FileLine | undefined;
  readonly related: RelatedRow | undefined;
  readonly source: FileSource;
  /** Whether what our books have is reversed already, or is a reversal. */
  readonly isUndone: boolean;
}

/** Whether accepting it moves money: then two people must agree. */
export function movesMoney(action: CorrectionAction): boolean {
  return action === 'reverse' || action === 'adjust';
}

/**
 * Proposes a correction.
 *
 * @shape difference → action; `adjust` only where the fund payment alone differs and the bill covers it, because every
 *   other figure of a settlement follows from its bill
 * @units fen
 * @source design §10
 */
export function correctionFor(facts: CorrectionCase): Correction {
  const action = actionFor(facts);
  const { ours, line } = facts;
  const adjustBy = action === 'adjust' ? (line?.fundTotal ?? 0) - (ours?.fundTotal ?? 0) : 0;
  return { action, adjustBy };
}

function actionFor({ class: kind, refund, ours, line, related, source, isUndone }: CorrectionCase): CorrectionAction {
  switch (kind) {
    case 'missingHere':
      if (related !== undefined) return 'otherPeriod';
      return source === 'institution' ? 'postAgain' : 'correctThere';
    case 'missingThere':
      if (source === 'fund') return 'adviseAgain';
      return refund || isUndone ? 'correctThere' : 'reverse';
    case 'amount':
      // Of a reversal, too: what was adjusted on the settlement is then taken back with it.
      if (ours !== undefined && line !== undefined && isAdjustable(ours, line)) return 'adjust';
      return source === 'institution' && !refund ? 'settleAgain' : 'correctThere';
    case 'duplicate':
      return 'dropLine';
    case 'reversedAfterClose':
      return 'seeReversal';
    case 'ruleVersion':
      return 'recompute';
    default:
      return unreachable(kind);
  }
}

/** Whether the fund payment alone differs, and fund and account would still pay no more than the bill. */
function isAdjustable(ours: BookedRow, line: FileLine): boolean {
  const isAlone = line.personId === ours.personId && line.total === ours.total && line.account === ours.account;
  return isAlone && Math.abs(line.fundTotal + line.account) <= Math.abs(line.total);
}

/**
 * The double entry of `adjust`: what the home fund pays more (or less), through the treatment county, to the institution.
 *
 * @shape settlement, amount other than 0 → postings that come to 0 in each book
 * @units fen; on the pool, because files do not tell layers apart
 */
export function adjustmentPostings(
  { homeRegion, treatmentRegion, institutionId }: Pick<BookedRow, 'homeRegion' | 'treatmentRegion' | 'institutionId'>,
  adjustBy: Fen,
): Posting[] {
  invariant(Number.isSafeInteger(adjustBy) && adjustBy !== 0, 'an adjustment is a whole number of fen other than 0');
  const funds = { pool: adjustBy, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
  return postingsOf({ homeRegion, treatmentRegion, institutionId, funds, personal: [] });
}
