import { invariant } from '../invariant.ts';
import type { Posting } from '../ledger/postings.ts';
import type { Fen } from '../money/fen.ts';
import { FUNDS, type Fund, type Scheme } from '../policy/terms.ts';

/**
 * What moves money between windows.
 *
 * - `carried`: an item that left its window under objection comes back · `deduction`: what an objection took off
 * - `undone`: the deduction of a settlement that was reversed afterwards, which the reversal has taken off already
 * - `correction`: what reconciliation found and two clerks accepted
 */
export const ADJUSTMENT_KINDS = ['carried', 'deduction', 'undone', 'correction'] as const;
/** One of those kinds. */
export type AdjustmentKind = (typeof ADJUSTMENT_KINDS)[number];

/** Money that comes into a window from an earlier one, by layer; part of the window's gross and of the pair's statement. */
export interface Adjustment {
  readonly windowId: number;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly scheme: Scheme;
  readonly layer: Fund | 'account';
  /** Negative when it is taken off. */
  readonly amount: Fen;
  /** The objection that it comes from, or the journal entry of a correction. */
  readonly subjectId: string;
  readonly kind: AdjustmentKind;
}

/** Amounts by fund; a fund with nothing is absent. */
export type ByFund = ReadonlyMap<Fund, Fen>;

/**
 * Takes an amount out of what each fund paid, the first fund first: the pool bears a deduction before the layers that
 * were worked out on top of it.
 *
 * @shape paid by fund, amount ≤ their sum → taken by fund; Σ taken = amount
 * @units fen
 * @rounding none
 */
export function takeFromFunds(paid: Readonly<Record<Fund, Fen>>, amount: Fen): ByFund {
  const taken = new Map<Fund, Fen>();
  let left = amount;
  for (const fund of FUNDS) {
    const part = Math.min(left, Math.max(paid[fund], 0));
    if (part > 0) taken.set(fund, part);
    left -= part;
  }
  invariant(left === 0, 'no more is deducted than the funds paid');
  return taken;
}

/** Whose money is moved: the pair and the institution that was to get it. */
export interface DeductionParties {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
}

/**
 * The double entry of a deduction: the opposite of what the settlement entered, fund by fund. The home fund's expense and
 * debt shrink, and the treatment county owes its institution less. `sign` −1 enters it, 1 takes it back.
 *
 * @units fen
 */
export function deductionPostings(parties: DeductionParties, byFund: ByFund, sign: 1 | -1): Posting[] {
  const { homeRegion, treatmentRegion, institutionId } = parties;
  const postings: Posting[] = [];
  let sum = 0;
  for (const [fund, amount] of byFund) {
    sum += amount;
    postings.push({ book: homeRegion, account: `expense.${fund}`, party: treatmentRegion, amount: sign * amount });
  }
  postings.push({ book: homeRegion, account: 'dueTo', party: treatmentRegion, amount: -sign * sum });
  postings.push({ book: treatmentRegion, account: 'dueFrom', party: homeRegion, amount: sign * sum });
  postings.push({ book: treatmentRegion, account: 'payable', party: institutionId, amount: -sign * sum });
  return postings;
}
