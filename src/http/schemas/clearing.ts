import { z } from 'zod';
import { WINDOW_STATES } from '../../core/lifecycle/window-states.ts';
import * as f from './fields.ts';
import { fundShares } from './bills.ts';

export const windowView = z.object({
  windowId: z.number().int(),
  businessDate: f.date,
  state: z.enum(WINDOW_STATES),
  openedAt: f.instant,
  closedAt: f.instant.optional(),
  reconciledAt: f.instant.optional(),
  issuedAt: f.instant.optional(),
  confirmedAt: f.instant.optional(),
  paidAt: f.instant.optional(),
});
export type WindowView = z.infer<typeof windowView>;

export const windowList = z.object({ windows: z.array(windowView) });
export type WindowList = z.infer<typeof windowList>;

/** How many, at most, of something that is listed. */
const limit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, 'is not a whole number from 1 to 9999')
  .transform(Number)
  .optional();

export const windowsQuery = z.strictObject({ limit });
export type WindowsQuery = z.infer<typeof windowsQuery>;

export const clearingRunRequest = z.strictObject({
  businessDate: f.date.meta({ description: 'clears every window up to and including this business day' }),
});
export type ClearingRunRequest = z.infer<typeof clearingRunRequest>;
export const clearingRunAnswer = z.object({ cleared: z.array(windowView) });
export type ClearingRunAnswer = z.infer<typeof clearingRunAnswer>;

export const netPositionsAnswer = z.object({
  windowId: z.number().int(),
  positions: z.array(z.object({ region: f.region, receivable: f.sum, payable: f.sum, net: f.sum })),
  bilateral: z.array(z.object({ payer: f.region, payee: f.region, amount: f.sum })),
  transfers: z.array(z.object({ payer: f.region, payee: f.region, amount: f.sum })),
});
export type NetPositionsAnswer = z.infer<typeof netPositionsAnswer>;

export const pairStatementView = z.object({
  statementId: z.string(),
  windowId: z.number().int(),
  homeRegion: f.region,
  treatmentRegion: f.region,
  settlements: z.number().int(),
  owed: f.sum,
  itemsHash: z
    .string()
    .meta({ description: 'SHA-256 of all item hashes one after the other, in the order of settlement ids' }),
});
export type PairStatementView = z.infer<typeof pairStatementView>;
export const pairStatementList = z.object({ statements: z.array(pairStatementView) });
export type PairStatementList = z.infer<typeof pairStatementList>;

export const institutionStatementList = z.object({
  statements: z.array(
    z.object({
      windowId: z.number().int(),
      institutionId: f.institutionId,
      treatmentRegion: f.region,
      settlements: z.number().int(),
      owed: f.sum.meta({ description: 'by the fund of its county, for people from anywhere' }),
      itemsHash: z
        .string()
        .meta({ description: 'SHA-256 of all item hashes one after the other, in the order of settlement ids' }),
    }),
  ),
});
export type InstitutionStatementList = z.infer<typeof institutionStatementList>;

export const pairStatementDetail = pairStatementView.extend({
  gross: z.array(
    z.object({
      institutionId: f.institutionId,
      scheme: f.scheme,
      layer: z.union([z.enum(['account']), fundShares.keyof()]),
      settlements: z.number().int(),
      amount: f.sum,
    }),
  ),
  items: z.array(
    z.object({
      settlementId: f.settlementId,
      institutionId: f.institutionId,
      billNumber: f.billNumber,
      scheme: f.scheme,
      kind: f.benefitKind,
      reverses: f.settlementId.optional(),
      total: f.money,
      fundTotal: f.money,
      account: f.money,
      owed: f.money,
      itemHash: z.string().meta({
        description:
          'SHA-256 of the values before it, in this order, with | between them; reverses is empty when absent',
      }),
    }),
  ),
  nextAfter: f.settlementId.optional().meta({ description: 'pass as `after` for the next page of items' }),
});
export type PairStatementDetail = z.infer<typeof pairStatementDetail>;

export const itemsQuery = z.strictObject({
  after: f.settlementId.optional().meta({ description: 'nextAfter of the page before' }),
  limit,
});
export type ItemsQuery = z.infer<typeof itemsQuery>;

export const totalsAnswer = z.object({
  settlements: z.number().int(),
  reversals: z.number().int(),
  total: f.sum,
  fundTotal: f.sum,
  account: f.sum,
  cash: f.sum,
});
export type TotalsAnswer = z.infer<typeof totalsAnswer>;
