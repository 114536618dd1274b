import { enteredBy } from '../../core/ledger/journal.ts';
import { paymentPostings } from '../../core/ledger/payments.ts';
import { pay, send } from '../../core/lifecycle/payment-states.ts';
import { isRefusal, refuse, type Refusal } from '../../core/lifecycle/refusal.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { ActContext, ActResult } from './act-context.ts';
import type { Act, BankReturn, LifeState, Payment } from './ports.ts';
import { notYours } from './statement-acts.ts';

function isParty({ payer, payee }: Payment, desk: string): boolean {
  return desk === payer || desk === payee;
}

/**
 * The payer hands an instruction to the bank.
 *
 * @rejects OTHER_SIDE, ALREADY_SENT, ALREADY_PAID
 */
export function sendPayment({ payment }: LifeState, { desk, nowMs }: ActContext): ActResult {
  if (payment === undefined || !isParty(payment, desk)) return 'hidden';
  if (desk !== payment.payer) return notYours('payer');
  const state = send(payment.state);
  if (isRefusal(state)) return state;
  return { writes: { payment: { ...payment, state, sentAtMs: nowMs } } };
}

/** A payment is whole or it is not made; and no bank makes one on a day to come. */
export function returnRefusal({ amount, valueDate }: BankReturn, due: number, nowMs: number): Refusal | undefined {
  if (amount !== due)
    return refuse('PARTIAL_RETURN', `the payment is of ${formatFen(due)}, not of ${formatFen(amount)}`);
  if (valueDate > shanghaiDate(nowMs)) return refuse('VALUE_DATE_AHEAD', 'the value date lies in the future');
  return undefined;
}

/**
 * The bank made a payment: its reference is put on record and the ledger follows. Statements that wait for no other payment
 * of the run are paid with it, and windows with their last statement.
 *
 * @rejects OTHER_SIDE, NOT_SENT, ALREADY_PAID, PARTIAL_RETURN, VALUE_DATE_AHEAD
 */
export function returnPayment(
  { payment }: LifeState,
  returned: Extract<Act, { act: 'return' }>,
  { desk, person, nowMs, newId }: ActContext,
): ActResult {
  if (payment === undefined || !isParty(payment, desk)) return 'hidden';
  if (desk !== payment.payer) return notYours('payer');
  const state = pay(payment.state);
  if (isRefusal(state)) return state;
  const refusal = returnRefusal(returned, payment.amount, nowMs);
  if (refusal !== undefined) return refusal;
  const { bank, reference, valueDate } = returned;
  return {
    writes: {
      payment: { ...payment, state, paidAtMs: nowMs, bank, reference, valueDate },
      entries: [
        {
          entryId: newId(),
          kind: 'payment',
          subjectId: payment.paymentId,
          enteredAtMs: nowMs,
          enteredBy: enteredBy(person, desk),
          reason: `paid ${valueDate}, reference ${reference}`,
          postings: paymentPostings(payment),
        },
      ],
      settlesRun: payment.runId,
    },
  };
}
