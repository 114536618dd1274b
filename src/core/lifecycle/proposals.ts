import { refuse, type Refusal } from './refusal.ts';

/** The life of a proposal: a clerk makes it (`open`), a second one of the same desk approves it or sends it back. */
export const PROPOSAL_STATES = ['open', 'approved', 'sentBack'] as const;
/** Where a proposal is in its life. */
export type ProposalState = (typeof PROPOSAL_STATES)[number];

/** As much of a proposal as the four-eyes rule looks at. */
export interface Made {
  readonly state: ProposalState;
  readonly madeBy: string;
  readonly checkedBy?: string | undefined;
}

/**
 * Holds a check against the rule of four eyes: whoever made something does not check it, and it is checked once.
 *
 * @shape undefined when the check may go on
 * @rejects SAME_PERSON, ALREADY_APPROVED, SENT_BACK
 */
export function checkBy({ state, madeBy }: Made, checker: string): Refusal | undefined {
  if (madeBy === checker) return refuse('SAME_PERSON', 'whoever made a proposal does not check it');
  if (state === 'approved') return refuse('ALREADY_APPROVED', 'the proposal is approved');
  return state === 'sentBack' ? refuse('SENT_BACK', 'the proposal was sent back') : undefined;
}
