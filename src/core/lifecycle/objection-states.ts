import type { Fen } from '../money/fen.ts';
import { refuse, type Refusal } from './refusal.ts';

/** The life of an objection: `open` → `answered` by the treatment county → `decided`. */
export const OBJECTION_STATES = ['open', 'answered', 'decided'] as const;
/** Where an objection is in its life. */
export type ObjectionState = (typeof OBJECTION_STATES)[number];

/** What was decided: the whole amount is deducted, a part of it, or nothing. */
export const OUTCOMES = ['upheld', 'inPart', 'rejected'] as const;
/** How an objection ended. */
export type Outcome = (typeof OUTCOMES)[number];

/** Why a home county objects to an item. A closed list, so that reasons can be counted; the words stand beside it. */
export const OBJECTION_REASONS = [
  'notInsured',
  'notCovered',
  'duplicate',
  'amount',
  'missingRecord',
  'fraud',
  'other',
] as const;
/** One of those reasons. */
export type ObjectionReason = (typeof OBJECTION_REASONS)[number];

/** @rejects ALREADY_ANSWERED, ALREADY_DECIDED */
export function answer(state: ObjectionState): ObjectionState | Refusal {
  if (state === 'decided') return refuse('ALREADY_DECIDED', 'the objection is decided');
  if (state === 'answered') return refuse('ALREADY_ANSWERED', 'the objection is answered');
  return 'answered';
}

/**
 * Whether an objection can be decided: after the answer, or when the answer is overdue, so that silence holds nothing up.
 *
 * @rejects ALREADY_DECIDED, NOT_ANSWERED
 */
export function decide(state: ObjectionState, answerOverdue: boolean): ObjectionState | Refusal {
  if (state === 'decided') return refuse('ALREADY_DECIDED', 'the objection is decided');
  if (state === 'open' && !answerOverdue) {
    return refuse('NOT_ANSWERED', 'the treatment county has not answered and its time is not over');
  }
  return 'decided';
}

/**
 * What a decision takes off, out of what was objected to.
 *
 * @shape outcome, amount given (for `inPart` only), amount objected to → amount deducted
 * @units fen
 * @rejects BAD_AMOUNT when a part is none, is all of it, or is given where the outcome leaves no choice
 */
export function deductedBy(outcome: Outcome, amount: Fen | undefined, objected: Fen): Fen | Refusal {
  if (outcome === 'inPart') {
    if (amount !== undefined && amount > 0 && amount < objected) return amount;
    return refuse('BAD_AMOUNT', 'a part is more than nothing and less than what was objected to');
  }
  if (amount !== undefined) return refuse('BAD_AMOUNT', 'an amount goes with the outcome inPart alone');
  return outcome === 'upheld' ? objected : 0;
}
