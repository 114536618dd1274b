import type { DateText } from '../calendar.ts';
import type { Fen } from '../money/fen.ts';
import { rowFor, type Attributes, type ParameterRow } from '../policy/parameter.ts';
import type { Bands } from '../policy/policy.ts';
import type { ItemClass } from '../policy/terms.ts';
import { adjustedRatio, type Adjustment } from './out-of-area.ts';
import type { BandSlice } from './verdict.ts';

/** Expense of one item class, in the order in which bands are filled; class undefined where ratios do not depend on it. */
export interface ClassAmount {
  readonly itemClass: ItemClass | undefined;
  readonly amount: Fen;
}

/** Slices in the order of the curve, with the rows their ratios come from. */
interface BandedExpense {
  readonly slices: readonly BandSlice[];
  readonly rows: readonly ParameterRow<unknown>[];
}

/**
 * Lays an expense on the bands, marginally, from a position on.
 *
 * @shape amounts by class, position → slices; Σ slice.amount = Σ amounts
 * @units fen, 1e-8
 * @rounding none
 * @source policy-facts G.5, G.6; config/policies/…#bands
 */
export function layOnBands(
  bands: Bands,
  amounts: readonly ClassAmount[],
  start: Fen,
  on: DateText,
  attributes: Attributes,
  adjustment: Adjustment,
): BandedExpense {
  const edgesRow = rowFor(bands.edges, on, attributes);
  const edges = edgesRow.value;
  const slices: BandSlice[] = [];
  const rows: ParameterRow<unknown>[] = edges.length > 1 ? [edgesRow] : [];
  let position = start;
  for (const { itemClass, amount } of amounts) {
    let left = amount;
    for (let band = 1; band <= edges.length && left > 0; band++) {
      const upper = edges[band] ?? Number.MAX_SAFE_INTEGER;
      if (position >= upper) continue;
      const inBand = Math.min(left, upper - position);
      const row = rowFor(bands.ratio, on, { ...attributes, band, itemClass });
      const last = slices.at(-1);
      // Classes that are paid alike are one slice, or every statement would show a sum that nobody needs.
      if (last !== undefined && row === rows.at(-1) && last.band === band) {
        slices[slices.length - 1] = { ...last, amount: last.amount + inBand };
      } else {
        rows.push(row);
        slices.push({ band, amount: inBand, ratio: adjustedRatio(row.value, adjustment) });
      }
      position += inBand;
      left -= inBand;
    }
  }
  return { slices, rows };
}
