import { z } from 'zod';
import { ADJUSTMENT_KINDS } from '../../core/lifecycle/adjustments.ts';
import { OBJECTION_REASONS, OBJECTION_STATES, OUTCOMES } from '../../core/lifecycle/objection-states.ts';
import { PAYMENT_STATES, REQUEST_STATES } from '../../core/lifecycle/payment-states.ts';
import { PROPOSAL_STATES } from '../../core/lifecycle/proposals.ts';
import { STATEMENT_STATES } from '../../core/lifecycle/statement-states.ts';
import * as f from './fields.ts';
import { fundShares } from './bills.ts';

const words = z.string().min(1).max(500).meta({ description: 'why, in words that the other side can read' });
const id = z.string();
const hash = z.string().meta({ description: 'SHA-256, 64 hex digits' });
const person = z.string();

/** Who proposes and checks. */
const desk = z.string().meta({ description: 'the county whose clerks do it, or `operator`', examples: ['330421'] });

export const confirmationRequest = z.strictObject({
  payable: f.sum.meta({ description: 'the undisputed amount that was seen: nothing else is confirmed' }),
});
export type ConfirmationRequest = z.infer<typeof confirmationRequest>;

export const wordsRequest = z.strictObject({ words });
export type WordsRequest = z.infer<typeof wordsRequest>;

const ITEMS_MAX = 500;

export const objectionRequest = z.strictObject({
  items: z
    .array(z.strictObject({ settlementId: f.settlementId, reason: z.enum(OBJECTION_REASONS), words }))
    .min(1)
    .max(ITEMS_MAX)
    .refine((items) => new Set(items.map(({ settlementId }) => settlementId)).size === items.length, {
      error: 'names an item twice',
    }),
});
export type ObjectionRequest = z.infer<typeof objectionRequest>;

export const answerRequest = z.strictObject({
  accepted: z.boolean().meta({ description: 'whether the treatment county sees it the same way' }),
  words,
});
export type AnswerRequest = z.infer<typeof answerRequest>;

export const decisionRequest = z.strictObject({
  outcome: z.enum(OUTCOMES),
  amount: f.money.optional().meta({ description: 'what is deducted, with the outcome inPart alone' }),
  words,
});
export type DecisionRequest = z.infer<typeof decisionRequest>;

export const bankReturn = z.strictObject({
  amount: f.sum.meta({ description: 'what arrived; a part is refused' }),
  bank: z.string().min(1).max(120),
  reference: z
    .string()
    .min(1)
    .max(60)
    .regex(/^[\x21-\x7e]+$/, 'has characters other than printable ASCII'),
  valueDate: f.date,
});
export type BankReturnRequest = z.infer<typeof bankReturn>;

export const topUpRequest = z.strictObject({ amount: f.sum, words });
export type TopUpRequest = z.infer<typeof topUpRequest>;

export const reviewRequest = z.strictObject({
  granted: f.sum.meta({ description: '0.00 refuses the request' }),
  words,
});
export type ReviewRequest = z.infer<typeof reviewRequest>;

export const sendBackRequest = z.strictObject({ reason: words });
export type SendBackRequest = z.infer<typeof sendBackRequest>;

export const monthRequest = z.strictObject({ month: f.month });
export type MonthRequest = z.infer<typeof monthRequest>;
export const yearRequest = z.strictObject({ year: z.number().int().min(2000).max(2999) });
export type YearRequest = z.infer<typeof yearRequest>;

const limit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'is not a whole number from 1 to 9999')
  .transform(Number)
  .optional();

export const proposalsQuery = z.strictObject({ state: z.enum(PROPOSAL_STATES).optional(), limit });
export type ProposalsQuery = z.infer<typeof proposalsQuery>;
export const deadlinesQuery = z.strictObject({
  overdue: z.enum(['true']).optional().meta({ description: 'only what is overdue' }),
  limit,
});
export type DeadlinesQuery = z.infer<typeof deadlinesQuery>;
export const limitQuery = z.strictObject({ limit });
export type LimitQuery = z.infer<typeof limitQuery>;
export const monthQuery = z.strictObject({ month: f.month.optional() });
export type MonthQuery = z.infer<typeof monthQuery>;
export const statementFileQuery = z.strictObject({ format: z.enum(['json', 'csv', 'xlsx']) });
export type StatementFileQuery = z.infer<typeof statementFileQuery>;
export const instructionFileQuery = z.strictObject({ format: z.enum(['json', 'csv']) });
export type InstructionFileQuery = z.infer<typeof instructionFileQuery>;

export const proposalView = z.object({
  proposalId: id,
  subject: z.object({ kind: z.enum(['statement', 'objection', 'payment', 'prefund', 'request']), id }),
  act: z.enum(['confirm', 'withdraw', 'object', 'answer', 'decide', 'send', 'return', 'request', 'review', 'pay']),
  content: z.record(z.string(), z.unknown()).meta({ description: 'what was asked for, as it was sent' }),
  desk,
  state: z.enum(PROPOSAL_STATES),
  madeBy: person,
  madeAt: f.instant,
  checkedBy: person.optional(),
  checkedAt: f.instant.optional(),
  reason: z.string().optional().meta({ description: 'why it was sent back' }),
});
export type ProposalView = z.infer<typeof proposalView>;
export const proposalList = z.object({ proposals: z.array(proposalView) });
export type ProposalList = z.infer<typeof proposalList>;

export const objectionView = z.object({
  objectionId: id,
  statementId: id,
  settlementId: f.settlementId,
  homeRegion: f.region,
  treatmentRegion: f.region,
  institutionId: f.institutionId,
  objected: f.sum,
  held: z.boolean().meta({ description: 'whether it left its statement unpaid; else it is claimed back' }),
  reason: z.enum(OBJECTION_REASONS),
  words: z.string(),
  state: z.enum(OBJECTION_STATES),
  openedAt: f.instant,
  accepted: z.boolean().optional(),
  answer: z.string().optional(),
  answeredAt: f.instant.optional(),
  mediation: z.boolean(),
  outcome: z.enum(OUTCOMES).optional(),
  deducted: f.sum,
  decision: z.string().optional(),
  decidedAt: f.instant.optional(),
  decidedWindowId: z.number().int().optional().meta({ description: 'the window that the outcome is in' }),
  undoneAt: f.instant.optional(),
});
export type ObjectionView = z.infer<typeof objectionView>;
export const objectionList = z.object({ objections: z.array(objectionView) });
export type ObjectionList = z.infer<typeof objectionList>;

const deadline = z.object({ step: z.string(), desk, due: f.date });

export const statementLifeView = z.object({
  statementId: id,
  windowId: z.number().int(),
  businessDate: f.date,
  homeRegion: f.region,
  treatmentRegion: f.region,
  state: z.enum(STATEMENT_STATES),
  settlements: z.number().int(),
  itemsHash: hash,
  owed: f.sum.meta({ description: 'bills and adjustments together' }),
  disputed: f.sum.meta({ description: 'what left the statement under objection' }),
  payable: f.sum.meta({ description: 'owed − disputed: goes on to payment' }),
  runId: z.string().optional().meta({ description: 'the payment run that it is in' }),
  adjustments: z.array(
    z.object({
      objectionId: id,
      kind: z.enum(ADJUSTMENT_KINDS),
      institutionId: f.institutionId,
      scheme: f.scheme,
      layer: z.union([z.enum(['account']), fundShares.keyof()]),
      amount: f.sum,
      hash,
    }),
  ),
  objections: z.array(objectionView),
  deadlines: z.array(deadline),
});
export type StatementLifeView = z.infer<typeof statementLifeView>;

export const paymentView = z.object({
  paymentId: id,
  runId: z.string(),
  payer: f.region,
  payee: f.region,
  amount: f.sum,
  state: z.enum(PAYMENT_STATES),
  instructedAt: f.instant,
  due: f.date,
  sentAt: f.instant.optional(),
  paidAt: f.instant.optional(),
  bank: z.string().optional(),
  reference: z.string().optional(),
  valueDate: f.date.optional(),
});
export type PaymentView = z.infer<typeof paymentView>;
export const paymentRunView = z.object({
  runId: z.string(),
  statements: z.number().int(),
  itemsHash: hash,
  instructedAt: f.instant,
  instructedBy: z.string(),
  payments: z.array(paymentView),
});
export type PaymentRunView = z.infer<typeof paymentRunView>;

export const prefundRequestView = z.object({
  requestId: id,
  homeRegion: f.region,
  treatmentRegion: f.region,
  kind: z.enum(['urgent', 'yearly']),
  amount: f.sum,
  granted: f.sum.optional(),
  state: z.enum(REQUEST_STATES),
  words: z.string(),
  requestedAt: f.instant,
  reviewedAt: f.instant.optional(),
  paidAt: f.instant.optional(),
  bank: z.string().optional(),
  reference: z.string().optional(),
  valueDate: f.date.optional(),
});
export type PrefundRequestView = z.infer<typeof prefundRequestView>;
export const prefundRequestList = z.object({ requests: z.array(prefundRequestView) });
export type PrefundRequestList = z.infer<typeof prefundRequestList>;

export const prefundView = z.object({
  homeRegion: f.region,
  treatmentRegion: f.region,
  month: f.month,
  balance: f.sum,
  cleared: f.sum.meta({ description: "what the month's statements come to so far" }),
  usage: z.string().optional().meta({ description: 'percent, two places, rounded down; none without a prefund' }),
  level: z.enum(['green', 'yellow', 'red']),
  topUp: f.sum.meta({ description: 'what would bring it back to where yellow begins' }),
  resizingSince: f.date
    .optional()
    .meta({ description: "since when it is due for this year's resizing; absent when that is done or not due" }),
});
export const prefundList = z.object({
  prefunds: z.array(prefundView),
  yellowFrom: z.string(),
  redFrom: z.string(),
});
export type PrefundList = z.infer<typeof prefundList>;

const periodSums = {
  homeRegion: f.region,
  treatmentRegion: f.region,
  statements: z.number().int(),
  settlements: z.number().int(),
  owed: f.sum,
  carried: f.sum,
  deducted: f.sum,
  disputed: f.sum,
  statementsHash: hash.meta({
    description: 'SHA-256 of a line each `statement|itemsHash|owed`, ended by a line feed, in the order of windows',
  }),
  madeAt: f.instant,
};

export const monthlyNoticeList = z.object({
  month: f.month,
  notices: z.array(
    z.object({
      ...periodSums,
      lateItems: z.number().int().meta({ description: 'items that slipped longer than they may' }),
    }),
  ),
});
export type MonthlyNoticeList = z.infer<typeof monthlyNoticeList>;
export const liquidationList = z.object({
  year: z.number().int(),
  liquidations: z.array(z.object({ ...periodSums, paid: f.sum, prefund: f.sum })),
});
export type LiquidationList = z.infer<typeof liquidationList>;

export const deadlineList = z.object({
  today: f.date,
  deadlines: z.array(
    z.object({
      subject: z.object({ kind: z.string(), id }),
      step: z.enum(['confirm', 'answer', 'decide', 'pay', 'review']),
      desk,
      due: f.date,
      overdue: z.boolean(),
      mediation: z.boolean(),
    }),
  ),
});
export type DeadlineList = z.infer<typeof deadlineList>;
