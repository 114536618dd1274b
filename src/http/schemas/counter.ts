import { z } from 'zod';
import * as f from './fields.ts';
import { shares } from './bills.ts';

/** What the counter display shows of a bill; no name beyond its last character. */
export const counterEvent = z.object({
  event: z.enum(['settled', 'reversed']),
  settlementId: f.settlementId,
  institutionId: f.institutionId,
  billNumber: f.billNumber,
  personName: z.string(),
  homeRegion: f.region,
  kind: f.benefitKind,
  settledAt: f.instant,
  shares,
  provenance: f.provenance,
});
export type CounterEvent = z.infer<typeof counterEvent>;
