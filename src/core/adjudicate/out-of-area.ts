import { RATIO_ONE, ratioTimes, type Ratio } from '../money/fen.ts';
import { rowFor, type Attributes, type Parameter, type ParameterRow } from '../policy/parameter.ts';
import type { Ground } from './eligibility.ts';
import type { Facts } from './facts.ts';

/** The adjustment of a bill from outside the zone; nothing at home and inside the zone. */
export interface Adjustment {
  readonly extraFirstSelfPay: Ratio;
  readonly ratioMinus: Ratio;
  readonly benefitTimes: Ratio;
  readonly deductibleTimes: Ratio;
  /** Level that counts instead of the hospital's own; 0 keeps it. */
  readonly level: number;
  readonly rows: readonly ParameterRow<unknown>[];
}

/** At home and inside the zone. */
export const NO_ADJUSTMENT: Adjustment = {
  extraFirstSelfPay: 0,
  ratioMinus: 0,
  benefitTimes: RATIO_ONE,
  deductibleTimes: RATIO_ONE,
  level: 0,
  rows: [],
};

/**
 * Finds the out-of-area adjustment in whichever of the five forms the policy has.
 *
 * @shape facts, ground, attributes → adjustment
 * @units ratios 1e-8
 * @source policy-facts A.3, B.2, B.3, G.12
 */
export function adjustmentFor(facts: Facts, ground: Ground, attributes: Attributes): Adjustment {
  const rules = ground.policy.outOfArea;
  if (rules === undefined || ground.pair.zone || facts.institution.region === facts.person.homeRegion) {
    return NO_ADJUSTMENT;
  }
  const rows: ParameterRow<unknown>[] = [];
  const value = (parameter: Parameter | undefined, otherwise: number): number => {
    if (parameter === undefined) return otherwise;
    const row = rowFor(parameter, ground.benefitDate, attributes);
    rows.push(row);
    return row.value;
  };
  return {
    extraFirstSelfPay: value(rules.extraFirstSelfPay, 0),
    ratioMinus: value(rules.ratioMinus, 0),
    benefitTimes: value(rules.benefitTimes, RATIO_ONE),
    deductibleTimes: value(rules.deductibleTimes, RATIO_ONE),
    level: value(rules.level, 0),
    rows,
  };
}

/** A benefit's ratio after the adjustment: points off first, never below 0, then the factor. */
export function adjustedRatio(ratio: Ratio, adjustment: Adjustment): Ratio {
  const reduced = Math.max(0, ratio - adjustment.ratioMinus);
  return adjustment.benefitTimes === RATIO_ONE ? reduced : ratioTimes(reduced, adjustment.benefitTimes);
}
