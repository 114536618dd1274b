import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';
import type { Attributes } from '../policy/parameter.ts';
import { PERSON_PARTS, type BenefitKind, type PersonPart } from '../policy/terms.ts';
import type { LineVerdict, StageVerdict } from './verdict.ts';

/** What the person still bears, by part. The sum is what funds have not paid. */
export type PersonParts = Record<PersonPart, Fen>;

/** The lines of a bill that fall under one benefit, and what that benefit did with them. */
export interface BenefitPart {
  readonly benefit: BenefitKind;
  readonly attributes: Attributes;
  readonly verdict: StageVerdict;
  /** What the person bears of these lines; layers take from it in place. */
  readonly parts: PersonParts;
}

function noParts(): PersonParts {
  return {
    fullSelfPay: 0,
    compliantSelfPay: 0,
    overLimit: 0,
    firstSelfPay: 0,
    outOfArea: 0,
    accountFirst: 0,
    deductible: 0,
    coinsurance: 0,
    overCap: 0,
  };
}

/**
 * The person's share of some lines after their benefit.
 *
 * @shape lines, what was taken before the stage, the stage → parts; Σ parts = Σ lines − paid
 * @units fen
 * @rounding none
 */
export function partsAfterBenefit(
  lines: readonly LineVerdict[],
  before: { readonly outOfArea: Fen; readonly accountFirst: Fen },
  { deducted, coinsurance, overCap }: StageVerdict,
): PersonParts {
  const parts = { ...noParts(), ...before, deductible: deducted, coinsurance, overCap };
  for (const line of lines) {
    parts[line.compliant ? 'compliantSelfPay' : 'fullSelfPay'] += line.fullSelfPay;
    parts.overLimit += line.overLimit;
    parts.firstSelfPay += line.firstSelfPay;
  }
  return parts;
}

/** Adds up what the person bears over all lines. */
export function sumOfParts(each: readonly { readonly parts: Readonly<PersonParts> }[]): PersonParts {
  const sums = noParts();
  for (const { parts } of each) for (const part of PERSON_PARTS) sums[part] += parts[part];
  return sums;
}

/**
 * Takes a payment out of parts, in the order given; of one part, out of the first list that has it.
 *
 * @shape lists of parts (changed in place), order, amount ≤ Σ parts in the order
 * @units fen
 */
export function takeFromParts(lists: readonly PersonParts[], order: readonly PersonPart[], amount: Fen): void {
  let left = amount;
  for (const part of order) {
    for (const parts of lists) {
      const taken = Math.min(parts[part], left);
      parts[part] -= taken;
      left -= taken;
    }
  }
  invariant(left === 0, 'a payment is covered by the parts it is taken from');
}
