import { z } from 'zod';
import * as f from './fields.ts';
import { pairStatementView } from './clearing.ts';
import { shares } from './bills.ts';

/** What a home fund's system offers: it accepts messages, at least once, and deduplicates by messageId. */
export const fundAdvice = z.object({
  messageId: z.string(),
  topic: z.enum(['settlement', 'reversal']),
  settlementId: f.settlementId,
  reverses: f.settlementId.optional(),
  personId: f.personId,
  familyPayer: f.personId.optional().meta({ description: 'the relative whose carried-over account paid `family`' }),
  treatmentRegion: f.region,
  institutionId: f.institutionId,
  kind: f.benefitKind,
  visitDate: f.date,
  settledAt: f.instant,
  shares,
  accumulators: z.array(z.object({ bucket: z.string(), name: z.string(), change: z.string() })),
});
export const clearingNotice = z.object({
  messageId: z.string(),
  topic: z.enum(['clearing-notice']),
  windowId: z.number().int(),
  businessDate: f.date,
  region: f.region,
  position: z.object({ receivable: f.sum, payable: f.sum, net: f.sum }),
  statements: z.array(pairStatementView),
});
export const fundMessages = z.object({ messages: z.array(z.union([fundAdvice, clearingNotice])) });
export const fundReceipt = z.object({ accepted: z.array(z.string()) });
export type FundAdvice = z.infer<typeof fundAdvice>;
export type ClearingNotice = z.infer<typeof clearingNotice>;
