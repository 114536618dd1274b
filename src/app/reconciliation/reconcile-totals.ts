import { compareTotals, type Totals, type TotalsResult } from '../../core/reconcile/totals.ts';
import type { TotalsQuestion, TotalsStore } from './ports.ts';

/** Our four figures beside the caller's. */
export interface TotalsComparison {
  readonly result: TotalsResult;
  readonly ours: Totals;
}

/**
 * Compares four figures of a group of settlements, as 3201 does. Totals come first: only where they differ is the detail
 * of any use.
 *
 * @units fen
 * @source design §10; chs-interface 4.1
 */
export async function reconcileTotals(
  { totals }: { readonly totals: TotalsStore },
  question: TotalsQuestion,
  theirs: Totals,
): Promise<TotalsComparison> {
  const ours = await totals.totals(question);
  return { result: compareTotals(ours, theirs), ours };
}
