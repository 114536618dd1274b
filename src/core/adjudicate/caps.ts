import type { DateText } from '../calendar.ts';
import { RATIO_ONE, shareOfSlices, type Fen } from '../money/fen.ts';
import { NO_LIMIT, rowFor, type Attributes, type ParameterRow } from '../policy/parameter.ts';
import type { Cap } from '../policy/policy.ts';
import type { Tally } from './accumulate.ts';
import type { BandSlice } from './verdict.ts';

/** The tightest of the caps that apply, and how much room it leaves. */
export interface Room {
  readonly amount: Fen;
  readonly cap: Cap | undefined;
  readonly rows: readonly ParameterRow<unknown>[];
}

/**
 * Finds the room under the caps of one kind. Caps nest: all that apply hold, the tightest (the first of equals) binds.
 *
 * @shape caps, what the deductible took → room; NO_LIMIT when none applies
 * @units fen
 * @source policy-facts G.7
 */
export function roomUnder(
  caps: readonly Cap[],
  on: Cap['on'],
  deducted: Fen,
  date: DateText,
  attributes: Attributes,
  tally: Tally,
): Room {
  let tightest: Room = { amount: NO_LIMIT, cap: undefined, rows: [] };
  const rows: ParameterRow<unknown>[] = [];
  for (const cap of caps) {
    if (cap.on !== on || (cap.when !== undefined && !cap.when.holds(attributes))) continue;
    const row = rowFor(cap.amount, date, attributes);
    rows.push(row);
    if (row.value === NO_LIMIT) continue;
    const used = cap.accumulator === undefined ? 0 : tally.read(cap.accumulator);
    const amount = Math.max(0, row.value - used - (cap.includesDeductible ? deducted : 0));
    if (amount < tightest.amount) tightest = { amount, cap, rows };
  }
  return { ...tightest, rows };
}

/**
 * How much of the expense lies before the point where the payment reaches its cap.
 *
 * @shape slices, room ≥ 0 → expense ≤ Σ slices
 * @units fen
 * @rounding half-up to the fen, where the cap falls inside a slice
 */
function expenseBelowCap(slices: readonly BandSlice[], room: Fen): Fen {
  const one = BigInt(RATIO_ONE);
  let left = BigInt(room) * one;
  let expense = 0;
  for (const { amount, ratio } of slices) {
    const payment = BigInt(amount) * BigInt(ratio);
    if (payment > left) {
      // A slice with a payment has a ratio above zero.
      const divisor = BigInt(ratio);
      return expense + Number((2n * left + divisor) / (2n * divisor));
    }
    left -= payment;
    expense += amount;
  }
  return expense;
}

/** What a stage pays and what its payment cap leaves over. */
interface CappedPayment {
  readonly paid: Fen;
  readonly overCap: Fen;
}

/**
 * Pays the slices up to the room.
 *
 * @shape slices, room → paid = min(Σ amount × ratio, room); overCap ≤ Σ slices − paid
 * @units fen
 * @rounding half-up to the fen, once for the stage
 * @source policy-facts C.2, G.7
 */
export function payUpTo(slices: readonly BandSlice[], room: Room): CappedPayment {
  const uncapped = shareOfSlices(slices);
  if (uncapped <= room.amount) return { paid: uncapped, overCap: 0 };
  const paid = room.amount;
  if (room.cap?.overflow !== 'expense') return { paid, overCap: uncapped - paid };
  const covered = slices.reduce((sum, slice) => sum + slice.amount, 0);
  return { paid, overCap: Math.min(covered - expenseBelowCap(slices, paid), covered - paid) };
}
