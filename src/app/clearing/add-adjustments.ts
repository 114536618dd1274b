import type { Fen } from '../../core/money/fen.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { GrossItem } from './ports.ts';

function keyOf({ homeRegion, treatmentRegion, institutionId, scheme, layer }: GrossItem | Adjustment): string {
  return [homeRegion, treatmentRegion, institutionId, scheme, layer].join(' ');
}

/**
 * The gross of a window with what came into it from earlier windows: deductions, and items that were under objection.
 *
 * @shape gross of the settlements, adjustments → one gross item a key; `settlements` counts settlements alone
 * @units fen
 */
export function withAdjustments(gross: readonly GrossItem[], adjustments: readonly Adjustment[]): GrossItem[] {
  const items = new Map(gross.map((item) => [keyOf(item), item]));
  for (const adjustment of adjustments) {
    const { homeRegion, treatmentRegion, institutionId, scheme, layer, amount } = adjustment;
    const about = { homeRegion, treatmentRegion, institutionId, scheme, layer };
    const known = items.get(keyOf(adjustment)) ?? { ...about, settlements: 0, amount: 0 };
    items.set(keyOf(adjustment), { ...known, amount: known.amount + amount });
  }
  return [...items.values()];
}

/** What adjustments come to for a pair or an institution: its statement owes this beside its bills. */
export function adjustedIn(
  adjustments: readonly Adjustment[],
  of: Partial<Pick<Adjustment, 'homeRegion' | 'treatmentRegion' | 'institutionId'>>,
): Fen {
  const { homeRegion, treatmentRegion, institutionId } = of;
  return adjustments
    .filter(
      (each) =>
        (homeRegion ?? each.homeRegion) === each.homeRegion &&
        (treatmentRegion ?? each.treatmentRegion) === each.treatmentRegion &&
        (institutionId ?? each.institutionId) === each.institutionId,
    )
    .reduce((sum, { amount }) => sum + amount, 0);
}
