import { refuse, type Refusal } from './refusal.ts';
import type { WindowState } from './window-states.ts';

/**
 * The life of a pair's statement.
 *
 * - `issued`: nobody has confirmed · `homeConfirmed`, `treatmentConfirmed`: one side has · `confirmed`: both have
 * - `instructed`: its undisputed part is in a payment run · `paid`: every payment of that run that concerns the pair is made
 *
 * @source design §9
 */
export const STATEMENT_STATES = [
  'issued',
  'homeConfirmed',
  'treatmentConfirmed',
  'confirmed',
  'instructed',
  'paid',
] as const;
/** Where a statement is in its life. */
export type StatementState = (typeof STATEMENT_STATES)[number];

/** The two counties of a pair: who pays for its people, and where they were treated. */
export type Side = 'home' | 'treatment';

/** Whether a side's confirmation stands. */
export function hasConfirmed(state: StatementState, side: Side): boolean {
  return (
    state !== 'issued' &&
    (state !== 'homeConfirmed' || side === 'home') &&
    (state !== 'treatmentConfirmed' || side === 'treatment')
  );
}

/**
 * A side accepts what a statement says, as far as it is not disputed. Silence is no confirmation.
 *
 * @rejects ALREADY_CONFIRMED
 */
export function confirmBy(state: StatementState, side: Side): StatementState | Refusal {
  if (hasConfirmed(state, side)) return refuse('ALREADY_CONFIRMED', `the ${side} county has confirmed the statement`);
  if (state === 'issued') return side === 'home' ? 'homeConfirmed' : 'treatmentConfirmed';
  return 'confirmed';
}

/**
 * A side takes its confirmation back, as long as no payment was instructed on it.
 *
 * @rejects NOT_CONFIRMED, ALREADY_INSTRUCTED
 */
export function withdrawBy(state: StatementState, side: Side): StatementState | Refusal {
  if (isInPayment(state)) return refuse('ALREADY_INSTRUCTED', 'the statement is in a payment run');
  if (!hasConfirmed(state, side)) return refuse('NOT_CONFIRMED', `the ${side} county has not confirmed the statement`);
  if (state === 'confirmed') return side === 'home' ? 'treatmentConfirmed' : 'homeConfirmed';
  return 'issued';
}

/** Whether the money of a statement is on its way or has arrived: what is objected to from then on is claimed back. */
export function isInPayment(state: StatementState): boolean {
  return state === 'instructed' || state === 'paid';
}

/**
 * Where a window is by the statements in it, from `issued` on.
 *
 * @shape the states of all its statements; a window without any has nothing left to do
 */
export function windowStateOf(statements: readonly StatementState[]): WindowState {
  if (statements.every((state) => state === 'paid')) return 'paid';
  return statements.every((state) => state === 'confirmed' || isInPayment(state)) ? 'confirmed' : 'issued';
}
