import type { BenefitKind } from '../policy/terms.ts';
import type { Figures } from './rows.ts';

/** The four figures of 3201: how many settlements, and what they come to. */
export interface Totals extends Figures {
  readonly settlements: number;
}

/** CHS clr_type: outpatient, inpatient, pharmacy. */
export type ClearingType = '11' | '21' | '41';

/** How two totals compare, seen from the platform. */
export type TotalsResult = 'equal' | 'platformMore' | 'institutionMore' | 'differ';

/**
 * CHS clr_type of a kind of bill. Special disease is settled at the outpatient counter.
 *
 * @source chs-interface 3 (clr_type)
 */
export const CLEARING_TYPES: Readonly<Record<BenefitKind, ClearingType>> = {
  outpatient: '11',
  specialDisease: '11',
  inpatient: '21',
  pharmacy: '41',
};

/**
 * CHS stmt_rslt in its three generations: one digit, six digits, and 13203's equal or not.
 *
 * @source chs-interface 4.1
 */
export const STATEMENT_RESULTS: Readonly<
  Record<TotalsResult, { readonly oneDigit: string; readonly sixDigits: string; readonly daily: string }>
> = {
  equal: { oneDigit: '0', sixDigits: '000000', daily: '0' },
  platformMore: { oneDigit: '1', sixDigits: '000101', daily: '1' },
  institutionMore: { oneDigit: '2', sixDigits: '000102', daily: '1' },
  differ: { oneDigit: '3', sixDigits: '000103', daily: '1' },
};

/**
 * Holds the other side's four figures against ours. A side has more when it has more settlements; with as many on both
 * sides, figures that differ are just different.
 *
 * @shape ours, theirs → result
 * @units fen
 * @source chs-interface 4.1 (3201)
 */
export function compareTotals(ours: Totals, theirs: Totals): TotalsResult {
  if (ours.settlements > theirs.settlements) return 'platformMore';
  if (ours.settlements < theirs.settlements) return 'institutionMore';
  const isSame = ours.total === theirs.total && ours.fundTotal === theirs.fundTotal && ours.account === theirs.account;
  return isSame ? 'equal' : 'differ';
}

/** Adds two totals up. */
export function addTotals(left: Totals, right: Totals): Totals {
  return {
    settlements: left.settlements + right.settlements,
    total: left.total + right.total,
    fundTotal: left.fundTotal + right.fundTotal,
    account: left.account + right.account,
  };
}

/** No settlements. */
export const NO_TOTALS: Totals = { settlements: 0, total: 0, fundTotal: 0, account: 0 };
