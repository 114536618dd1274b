import type { DateText } from '../calendar.ts';
import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';
import type { Attributes } from '../policy/parameter.ts';
import type { Stage } from '../policy/policy.ts';
import type { Fund } from '../policy/terms.ts';
import type { Tally } from './accumulate.ts';
import { layOnBands, type ClassAmount } from './bands.ts';
import { payUpTo, roomUnder } from './caps.ts';
import { takeDeductible, type Stretch } from './deductible.ts';
import type { Adjustment } from './out-of-area.ts';
import type { BandSlice, StageVerdict, TraceEntry } from './verdict.ts';

/** What enters a stage. */
export interface StageInput {
  readonly stage: Stage;
  readonly fund: Fund;
  /** Expense by stretch of a stay; the sum is the stage's expense. */
  readonly stretches: readonly Stretch[];
  /** The same expense by item class, in the order in which deductible and bands are filled. */
  readonly amounts: readonly ClassAmount[];
  readonly on: DateText;
  readonly attributes: Attributes;
  readonly adjustment: Adjustment;
}

/** Takes an amount from the front of a list of amounts. */
export function takeFromFront(amounts: readonly ClassAmount[], taken: Fen): ClassAmount[] {
  let left = taken;
  return amounts.map(({ itemClass, amount }) => {
    const part = Math.min(amount, left);
    left -= part;
    return { itemClass, amount: amount - part };
  });
}

/** Keeps an amount at the front of a list of amounts and drops the rest. */
function keepAtFront(amounts: readonly ClassAmount[], kept: Fen): ClassAmount[] {
  let left = kept;
  return amounts.map(({ itemClass, amount }) => {
    const part = Math.min(amount, left);
    left -= part;
    return { itemClass, amount: part };
  });
}

function bandInputs(position: Fen, covered: Fen, slices: readonly BandSlice[]): Record<string, number> {
  const inputs: Record<string, number> = { position, covered };
  slices.forEach((slice, index) => {
    inputs[`amount.${index + 1}`] = slice.amount;
    inputs[`ratio.${index + 1}`] = slice.ratio;
  });
  return inputs;
}

/**
 * Runs one stage: deductible → expense caps → bands → payment, rounded once → payment caps.
 *
 * @shape expense → paid + coinsurance + overCap + deducted = expense
 * @units fen
 * @rounding half-up to the fen at the payment
 * @source design §5; policy-facts C.1
 */
export function runStage(input: StageInput, tally: Tally, trace: TraceEntry[]): StageVerdict {
  const { stage, on, attributes, adjustment, stretches } = input;
  const expense = stretches.reduce((sum, stretch) => sum + stretch.expense, 0);
  const context = { on, attributes, times: adjustment.deductibleTimes, tally };
  const deduction = takeDeductible(stage.deductible, stretches, context);
  const { deducted } = deduction;
  if (stage.deductible !== undefined) {
    const { rows, inputs } = deduction;
    trace.push({ step: 'deductible', of: stage.id, rows, inputs, result: { deducted, beyond: expense - deducted } });
  }

  const beyond = expense - deducted;
  const expenseRoom = roomUnder(stage.caps, 'expense', deducted, on, attributes, tally);
  const covered = Math.min(beyond, expenseRoom.amount);
  if (expenseRoom.cap !== undefined) {
    const inputs = { beyond, room: expenseRoom.amount };
    trace.push({ step: 'cap', of: expenseRoom.cap.id, rows: expenseRoom.rows, inputs, result: { covered } });
  }

  const { accumulator, measure } = stage.bands;
  const position = (accumulator === undefined ? 0 : tally.read(accumulator)) + (measure === 'gross' ? deducted : 0);
  const amounts = keepAtFront(takeFromFront(input.amounts, deducted), covered);
  const { slices, rows } = layOnBands(stage.bands, amounts, position, on, attributes, adjustment);
  const paymentRoom = roomUnder(stage.caps, 'payment', 0, on, attributes, tally);
  const { paid, overCap: overPaymentCap } = payUpTo(slices, paymentRoom);
  trace.push({ step: 'bands', of: stage.id, rows, inputs: bandInputs(position, covered, slices), result: { paid } });
  if (paymentRoom.cap !== undefined) {
    const inputs = { room: paymentRoom.amount };
    const result = { paid, overCap: overPaymentCap };
    trace.push({ step: 'cap', of: paymentRoom.cap.id, rows: paymentRoom.rows, inputs, result });
  }

  const overCap = beyond - covered + overPaymentCap;
  const coinsurance = beyond - paid - overCap;
  invariant(coinsurance >= 0 && paid >= 0, 'a stage pays no more than lies before its cap');
  const measured = {
    expense,
    deducted,
    beyond,
    covered,
    coveredAndDeducted: covered + deducted,
    paid,
    standard: deduction.standard,
    admissions: stretches.filter(({ admission }) => admission > 0).length,
  };
  tally.feed(stage.id, measured, attributes);
  const split = { expense, deducted, beyond, covered, paid, coinsurance, overCap };
  return { stage: stage.id, fund: input.fund, slices, lumpSum: 0, ...split };
}
