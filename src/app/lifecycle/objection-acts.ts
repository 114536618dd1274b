import { invariant } from '../../core/invariant.ts';
import { enteredBy, type JournalEntry } from '../../core/ledger/journal.ts';
import {
  deductionPostings,
  takeFromFunds,
  type Adjustment,
  type AdjustmentKind,
  type ByFund,
} from '../../core/lifecycle/adjustments.ts';
import { answerDue } from '../../core/lifecycle/deadlines.ts';
import type { ClearingCalendar, Decider } from '../../core/policy/clearing-calendar.ts';
import { answer, decide, deductedBy } from '../../core/lifecycle/objection-states.ts';
import { isRefusal, refuse } from '../../core/lifecycle/refusal.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { ActContext, ActResult } from './act-context.ts';
import type { Act, LifeState, ObjectedSettlement, Objection } from './ports.ts';
import { notYours, sideOf } from './statement-acts.ts';

/**
 * The treatment county answers: it accepts the objection or not. One that is not accepted is flagged for mediation.
 *
 * @rejects OTHER_SIDE, ALREADY_ANSWERED, ALREADY_DECIDED
 */
export function answerObjection(
  { objection }: LifeState,
  { accepted, words }: Extract<Act, { act: 'answer' }>,
  { desk, nowMs }: ActContext,
): ActResult {
  const side = objection === undefined ? undefined : sideOf(objection, desk);
  if (objection === undefined || side === undefined) return 'hidden';
  if (side !== 'treatment') return notYours('treatment county');
  const state = answer(objection.state);
  if (isRefusal(state)) return state;
  return { writes: { objections: [{ ...objection, state, accepted, answer: words, answeredAtMs: nowMs }] } };
}

/** Whether the two counties see an objection differently, so that somebody should mediate. */
export function needsMediation({ accepted, state }: Objection): boolean {
  return accepted === false && state === 'answered';
}

/** Who decides an objection, by what the treatment county said to it. */
export function deciderOf({ decider, contestedDecider }: ClearingCalendar, { accepted }: Objection): Decider {
  return accepted === false ? contestedDecider.value : decider.value;
}

/** The desk that a decider means for a pair. */
export function deskFor(
  decider: Decider,
  { homeRegion, treatmentRegion }: Pick<Objection, 'homeRegion' | 'treatmentRegion'>,
): string {
  if (decider === 'operator') return 'operator';
  return decider === 'home' ? homeRegion : treatmentRegion;
}

/** Whether the time for an answer is over. */
export function isAnswerOverdue(calendar: ClearingCalendar, { openedAtMs }: Objection, nowMs: number): boolean {
  return shanghaiDate(nowMs) > answerDue(calendar, shanghaiDate(openedAtMs));
}

/** Lines of the open window for money that an objection moves, one a fund. */
export function adjustmentsFor(
  objection: Objection,
  windowId: number,
  kind: AdjustmentKind,
  byFund: ByFund,
): Adjustment[] {
  const { homeRegion, treatmentRegion, institutionId, scheme, objectionId: subjectId } = objection;
  const about = { windowId, homeRegion, treatmentRegion, institutionId, scheme, subjectId, kind };
  const sign = kind === 'deduction' ? -1 : 1;
  return Array.from(byFund, ([layer, amount]) => ({ ...about, layer, amount: sign * amount }));
}

/** The journal's entry of a deduction, or of taking one back. */
export function deductionEntry(
  objection: Objection,
  byFund: ByFund,
  sign: 1 | -1,
  entered: Pick<JournalEntry, 'entryId' | 'enteredAtMs' | 'enteredBy' | 'reason'>,
): JournalEntry {
  const postings = deductionPostings(objection, byFund, sign);
  return { ...entered, kind: 'deduction', subjectId: objection.objectionId, postings };
}

function effectOf(
  objection: Objection,
  { funds }: ObjectedSettlement,
  deducted: number,
  openWindowId: number,
  entered: Parameters<typeof deductionEntry>[3],
): { adjustments: Adjustment[]; entries: JournalEntry[] } {
  // What left its statement comes back whole, and what is deducted is taken off beside it, so that both can be seen.
  const carried = objection.held
    ? adjustmentsFor(objection, openWindowId, 'carried', takeFromFunds(funds, objection.objected))
    : [];
  if (deducted === 0) return { adjustments: carried, entries: [] };
  const byFund = takeFromFunds(funds, deducted);
  return {
    adjustments: [...carried, ...adjustmentsFor(objection, openWindowId, 'deduction', byFund)],
    entries: [deductionEntry(objection, byFund, -1, entered)],
  };
}

/**
 * An objection is decided; its outcome goes into the window that is open now, and so into the next statement of the pair.
 *
 * @rejects OTHER_SIDE, NOT_ANSWERED, ALREADY_DECIDED, BAD_AMOUNT, ITEM_REVERSED (only `rejected` is left then)
 */
export function decideObjection(
  { objection, settlements, openWindowId }: LifeState,
  { outcome, amount, words }: Extract<Act, { act: 'decide' }>,
  { desk, person, nowMs, newId, calendar }: ActContext,
): ActResult {
  if (objection === undefined) return 'hidden';
  const decider = deciderOf(calendar, objection);
  if (desk !== deskFor(decider, objection)) {
    return sideOf(objection, desk) === undefined ? 'hidden' : notYours(decider);
  }
  const state = decide(objection.state, isAnswerOverdue(calendar, objection, nowMs));
  if (isRefusal(state)) return state;
  const deducted = deductedBy(outcome, amount, objection.objected);
  if (isRefusal(deducted)) return deducted;
  const settlement = settlements.get(objection.settlementId);
  invariant(settlement !== undefined, 'the settlement of an objection is there');
  if (deducted > 0 && settlement.reversed) {
    return refuse(
      'ITEM_REVERSED',
      'the settlement was reversed meanwhile, which takes all of it off: only rejected is left',
    );
  }
  const entered = {
    entryId: newId(),
    enteredAtMs: nowMs,
    enteredBy: enteredBy(person, desk),
    reason: words,
  };
  const decided: Objection = {
    ...objection,
    state,
    outcome,
    deducted,
    decision: words,
    decidedAtMs: nowMs,
    decidedWindowId: openWindowId,
  };
  return { writes: { objections: [decided], ...effectOf(objection, settlement, deducted, openWindowId, entered) } };
}
