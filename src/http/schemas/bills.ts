import { z } from 'zod';
import * as f from './fields.ts';

export const billLine = z.strictObject({
  code: f.itemCode.optional(),
  hospitalCode: z
    .string()
    .min(1)
    .max(150)
    .optional()
    .meta({ description: "the institution's own code, mapped to a national one" }),
  name: z.string().min(1).max(100),
  quantity: f.quantity,
  price: f.price,
  amount: f.money,
  feeDate: f.date.optional().meta({ description: 'defaults to visitDate' }),
  certifiedFor: f.diseaseCode
    .optional()
    .meta({ description: 'special disease that the doctor certified the item for' }),
  restrictionMet: z.boolean().optional().meta({ description: 'the hospital confirms a restricted use' }),
  refundOf: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'number of the line, from 1, that this line refunds' }),
});

export const billRequest = z.strictObject({
  institutionId: f.institutionId,
  billNumber: f.billNumber,
  requestKey: f.requestKey.optional(),
  personId: f.personId,
  familyPayer: f.personId.optional().meta({ description: 'relative whose account pays too' }),
  kind: f.benefitKind,
  visitDate: f.date.meta({ description: 'day of the visit, or of discharge' }),
  admissionDate: f.date.optional(),
  emergency: z.boolean().optional(),
  disease: f.diseaseCode.optional(),
  total: f.money,
  lines: z.array(billLine).min(1).max(1000),
});

/** A bill as a hospital posts it. */
export type BillRequest = z.infer<typeof billRequest>;

export const fundShares = z.object({
  pool: f.money,
  largeCost: f.money,
  seriousIllness: f.money,
  civilServant: f.money,
  medicalAid: f.money,
});

export const shares = z.object({
  total: f.money,
  fullSelfPay: f.money,
  overLimit: f.money,
  firstSelfPay: f.money,
  eligible: f.money,
  outOfArea: f.money.meta({ description: 'bill-level first self-pay away from home, before further layers' }),
  deductible: f.money.meta({ description: 'what the basic benefit deducted, before further layers' }),
  funds: fundShares,
  fundTotal: f.money,
  personTotal: f.money,
  account: f.money,
  accounts: z.object({ current: f.money, carried: f.money, family: f.money }),
  cash: f.money,
});

/** Who pays what. */

export const personParts = z.object({
  fullSelfPay: f.money,
  compliantSelfPay: f.money,
  overLimit: f.money,
  firstSelfPay: f.money,
  outOfArea: f.money,
  accountFirst: f.money.meta({ description: 'paid by the current-year account before the deductible' }),
  deductible: f.money,
  coinsurance: f.money,
  overCap: f.money,
});

export const lineShares = z.object({
  no: z.number().int(),
  itemClass: z.enum(['A', 'B', 'C']),
  reason: z.enum(['CLASS_A', 'CLASS_B', 'CLASS_C', 'NOT_IN_CATALOGUE', 'RESTRICTED_USE', 'FULL_SELF_PAY_RATIO']),
  benefit: f.benefitKind,
  fullSelfPay: f.money,
  overLimit: f.money,
  firstSelfPay: f.money,
  eligible: f.money,
});

export const quoteAnswer = z.object({
  homeRegion: f.region,
  treatmentRegion: f.region,
  scheme: f.scheme,
  shares,
  personParts: personParts.meta({
    description: 'what personTotal is made of after every fund has paid; adds up to it',
  }),
  lines: z.array(lineShares),
  provenance: f.provenance.meta({ description: 'the weakest tag among the values of law that the answer rests on' }),
  policy: z.string().meta({ description: 'hash of the policy used' }),
  catalogues: z.array(z.string()),
});

/** The answer to a quote. */
export type QuoteAnswer = z.infer<typeof quoteAnswer>;

/** A settlement made while the home fund could not be asked, and what became of it. */
export const provisionalView = z.object({
  state: z.enum(['provisional', 'confirmed', 'corrected', 'expired']),
  reason: z.string().meta({ description: 'why the home fund could not be asked', examples: ['PARTNER_TIMEOUT'] }),
  correctedBy: f.settlementId.optional().meta({ description: 'the settlement that took its place' }),
  difference: f.sum.optional().meta({ description: 'what the patient pays more in cash after the correction' }),
});

export const settlementAnswer = quoteAnswer.extend({
  provisional: provisionalView.optional(),
  settlementId: f.settlementId,
  status: z.enum(['settled', 'reversed']),
  repeat: z.boolean().meta({ description: 'the same content came before; this is its first answer' }),
  institutionId: f.institutionId,
  billNumber: f.billNumber,
  personId: f.personId,
  kind: f.benefitKind,
  visitDate: f.date,
  settledAt: f.instant,
  windowId: z.number().int(),
  contentHash: z.string(),
});

/** A settlement, as the institution that posted it sees it. */
export type SettlementAnswer = z.infer<typeof settlementAnswer>;

export const reversalRequest = z.strictObject({
  reason: z.string().min(1).max(200),
});

export type ReversalRequest = z.infer<typeof reversalRequest>;

export const reversalAnswer = z.object({
  settlementId: f.settlementId,
  reverses: f.settlementId,
  repeat: z.boolean(),
  reason: z.string(),
  windowId: z.number().int(),
  settledAt: f.instant,
  shares: shares.meta({ description: 'the exact negatives of the original' }),
});

export type ReversalAnswer = z.infer<typeof reversalAnswer>;

export const settlementOrReversal = z.union([settlementAnswer, reversalAnswer]);

/** All attempts at a bill, oldest first. */
export const settlementList = z.object({
  settlements: z.array(settlementAnswer),
  reversals: z.array(reversalAnswer),
});
export type SettlementList = z.infer<typeof settlementList>;

export const settlementQuery = z.strictObject({ billNumber: f.billNumber });

export const appliedParameter = z.object({
  parameter: z.string(),
  from: f.date,
  to: f.date.optional(),
  when: z.string().optional(),
  value: z.union([z.string(), z.array(z.string())]),
  source: z.string(),
  provenance: f.provenance,
  note: z.string().optional(),
});

export const traceEntry = z.object({
  step: z.string(),
  of: z.string(),
  inputs: z.record(z.string(), z.string()),
  result: z.record(z.string(), z.string()),
  parameters: z.array(appliedParameter),
  words: z.string().meta({ description: 'the step as a sentence, in Chinese' }),
  wordsEn: z.string(),
});

export const catalogueItem = z.object({
  name: z.string(),
  priceLimit: z.string().optional(),
  restriction: z.string().optional(),
  compliant: z.boolean(),
  source: z.string(),
  provenance: f.provenance,
});

export const statementLine = lineShares.extend({
  code: z.string().optional(),
  name: z.string(),
  quantity: z.string(),
  price: z.string(),
  amount: f.money,
  feeDate: f.date,
  refundOf: z.number().int().optional(),
  firstSelfPayRatio: z.string(),
  item: catalogueItem
    .optional()
    .meta({ description: 'the item that the line was split by; none when it is not in the catalogue' }),
  words: z.string().meta({ description: 'the split as a sentence, in Chinese' }),
  wordsEn: z.string(),
});

export const accumulatorChange = z.object({
  bucket: z.string(),
  name: z.string(),
  measure: z.string(),
  before: z.string(),
  after: z.string(),
});

export const statementAnswer = settlementAnswer.omit({ lines: true }).extend({
  personName: z.string(),
  institutionName: z.string(),
  institutionNameEn: z.string(),
  admissionDate: f.date.optional(),
  disease: f.diseaseCode.optional(),
  catalogueOf: z.enum(['home', 'treatment']),
  lines: z.array(statementLine),
  trace: z.array(traceEntry),
  accumulators: z.array(accumulatorChange).meta({ description: 'what the bill moved' }),
  notice: z.string().meta({ description: 'says so when values of law are not sourced; empty otherwise. In Chinese' }),
  noticeEn: z.string(),
});

/** A printed statement as data: the bill, every share, and why. */
export type StatementAnswer = z.infer<typeof statementAnswer>;
