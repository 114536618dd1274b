import { z } from 'zod';
import * as f from './fields.ts';
import { personParts, shares } from './bills.ts';

/** What the counter display shows of a bill; no name beyond its last character. */
export const counterEvent = z.object({
  event: z.enum(['settled', 'reversed']),
  settlementId: f.settlementId,
  reverses: f.settlementId.optional(),
  institutionId: f.institutionId,
  billNumber: f.billNumber,
  personName: z.string(),
  homeRegion: f.region,
  homeName: z.string(),
  homeNameEn: z.string(),
  kind: f.benefitKind,
  settledAt: f.instant,
  shares,
  personParts,
  provenance: f.provenance,
  correction: z
    .object({ difference: f.sum.meta({ description: 'what the patient pays more in cash; negative: gets back' }) })
    .optional()
    .meta({ description: 'of a bill that was settled while the home fund could not be asked, and came out otherwise' }),
});
export type CounterEvent = z.infer<typeof counterEvent>;

/** First event of a stream: whose counter it is. */
export const counterGreeting = z.object({
  institutionId: f.institutionId,
  name: z.string(),
  nameEn: z.string(),
});
export type CounterGreeting = z.infer<typeof counterGreeting>;

export const counterQuery = z.object({
  token: z.string().optional().meta({ description: 'the key, for a display that cannot send headers' }),
});
