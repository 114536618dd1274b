import type { Fen } from '../money/fen.ts';
import type { Fund } from '../policy/terms.ts';
import type { LineVerdict, StageVerdict, Verdict } from './verdict.ts';

/** The sums of a verdict, which follow from its lines, stages and purses. */
export type Totals = Pick<
  Verdict,
  | 'total'
  | 'fullSelfPay'
  | 'overLimit'
  | 'firstSelfPay'
  | 'eligible'
  | 'funds'
  | 'fundTotal'
  | 'personTotal'
  | 'account'
  | 'cash'
>;

/**
 * Adds up a verdict.
 *
 * @shape lines, stages, purses → sums; what is left of the person's total is cash
 * @units fen
 * @rounding none
 */
export function totalsOf(
  lines: readonly LineVerdict[],
  stages: readonly StageVerdict[],
  accounts: Verdict['accounts'],
): Totals {
  let fullSelfPay = 0;
  let overLimit = 0;
  let firstSelfPay = 0;
  let eligible = 0;
  for (const line of lines) {
    fullSelfPay += line.fullSelfPay;
    overLimit += line.overLimit;
    firstSelfPay += line.firstSelfPay;
    eligible += line.eligible;
  }
  const funds: Record<Fund, Fen> = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
  let fundTotal = 0;
  for (const { fund, paid } of stages) {
    funds[fund] += paid;
    fundTotal += paid;
  }
  const total = fullSelfPay + overLimit + firstSelfPay + eligible;
  const personTotal = total - fundTotal;
  const account = accounts.current + accounts.carried + accounts.family;
  return {
    total,
    fullSelfPay,
    overLimit,
    firstSelfPay,
    eligible,
    funds,
    fundTotal,
    personTotal,
    account,
    cash: personTotal - account,
  };
}
