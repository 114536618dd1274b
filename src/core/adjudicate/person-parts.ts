import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';
import type { PersonPart } from '../policy/terms.ts';
import type { LineVerdict, StageVerdict } from './verdict.ts';

/** What the person still bears, by part. The sum is the bill less what funds have paid. */
export type PersonParts = Record<PersonPart, Fen>;

/** What a benefit took out of the eligible amount before its stage. */
export interface BeforeStage {
  readonly outOfArea: Fen;
  readonly accountFirst: Fen;
}

/**
 * The person's share after the basic benefits.
 *
 * @shape lines, benefits → parts; Σ parts = Σ lines − Σ paid
 * @units fen
 * @rounding none
 */
export function partsAfterBenefits(
  lines: readonly LineVerdict[],
  benefits: readonly (BeforeStage & { readonly verdict: StageVerdict })[],
): PersonParts {
  const parts: PersonParts = {
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
  for (const line of lines) {
    parts[line.compliant ? 'compliantSelfPay' : 'fullSelfPay'] += line.fullSelfPay;
    parts.overLimit += line.overLimit;
    parts.firstSelfPay += line.firstSelfPay;
  }
  for (const { verdict, outOfArea, accountFirst } of benefits) {
    parts.outOfArea += outOfArea;
    parts.accountFirst += accountFirst;
    parts.deductible += verdict.deducted;
    parts.coinsurance += verdict.coinsurance;
    parts.overCap += verdict.overCap;
  }
  return parts;
}

/**
 * Takes a payment out of parts, in the order given.
 *
 * @shape parts (changed in place), order, amount ≤ Σ parts in the order
 * @units fen
 */
export function takeFromParts(parts: PersonParts, order: readonly PersonPart[], amount: Fen): void {
  let left = amount;
  for (const part of order) {
    const taken = Math.min(parts[part], left);
    parts[part] -= taken;
    left -= taken;
  }
  invariant(left === 0, 'a payment is covered by the parts it is taken from');
}
