/** The schemes of the national table: 310 and 390. */
export type Scheme = 'employee' | 'resident';

/** What a bill is for; each kind has its own benefit in a policy. */
export type BenefitKind = 'outpatient' | 'pharmacy' | 'inpatient' | 'specialDisease';

/** The funds that can pay a part of a bill (CHS hifp, hifob, hifmi, cvlserv, maf). */
export type Fund = 'pool' | 'largeCost' | 'seriousIllness' | 'civilServant' | 'medicalAid';

/** All funds, in the order in which statements list them. */
export const FUNDS: readonly Fund[] = ['pool', 'largeCost', 'seriousIllness', 'civilServant', 'medicalAid'];

/** Catalogue class of an item (CHS chrgitm_lv 01, 02, 03). */
export type ItemClass = 'A' | 'B' | 'C';

/** How a stay away from home was filed. `emergency` counts as filed (policy-facts B.2). */
export type FilingKind = 'none' | 'longTerm' | 'referral' | 'emergency' | 'other';

/** Standing of a person for medical aid. */
export type MedicalAidClass = 'none' | 'specialHardship' | 'lowIncome' | 'otherAid';

/** Groups an institution can belong to, beside its level. */
export type InstitutionGroup =
  | 'community'
  | 'consortium'
  | 'villageClinic'
  | 'pharmacy'
  | 'classCClinic'
  | 'contracted'
  | 'traditionalChinese'
  | 'psychiatric';

/**
 * The parts that a person's share of a bill is made of. They partition `bill − fundTotal`:
 * every fund payment takes from them, and what is left is paid by account or in cash.
 *
 * - `fullSelfPay`, `overLimit`, `firstSelfPay`: out of the line split; `compliantSelfPay` is the part of full self-pay
 *   that stands on the list of compliant self-expense (policy-facts A.2)
 * - `outOfArea`: the bill-level first self-pay away from home
 * - `accountFirst`: paid by the current-year account before the deductible
 * - `deductible`, `coinsurance`, `overCap`: what the benefit left over of the eligible amount
 */
export type PersonPart =
  | 'fullSelfPay'
  | 'compliantSelfPay'
  | 'overLimit'
  | 'firstSelfPay'
  | 'outOfArea'
  | 'accountFirst'
  | 'deductible'
  | 'coinsurance'
  | 'overCap';

/** All parts, in the order in which statements list them. */
export const PERSON_PARTS: readonly PersonPart[] = [
  'fullSelfPay',
  'compliantSelfPay',
  'overLimit',
  'firstSelfPay',
  'outOfArea',
  'accountFirst',
  'deductible',
  'coinsurance',
  'overCap',
];

/** Purses a person's share can be paid from before cash. */
export type AccountSource = 'current' | 'carried' | 'family';
