import { z } from 'zod';
import * as f from './fields.ts';
import { fundShares } from './bills.ts';

export const eligibilityRequest = z.strictObject({
  personId: f.personId,
  kind: f.benefitKind,
  visitDate: f.date,
  disease: f.diseaseCode.optional(),
  institutionId: f.institutionId
    .optional()
    .meta({ description: 'where the person is to be treated; an institution need not name itself, a fund must name one' }),
});

export const eligibilityAnswer = z.object({
  personId: f.personId,
  personName: z.string().meta({ description: 'masked but for the last character' }),
  homeRegion: f.region,
  scheme: f.scheme,
  status: z.enum(['active', 'retired']),
  eligible: z.boolean(),
  rejection: z.object({ code: z.string(), detail: z.string() }).optional(),
  registrations: z.array(z.object({ disease: f.diseaseCode, from: f.date, to: f.date.optional() })),
  openDiseases: z.array(f.diseaseCode),
  accounts: z.object({ current: f.money, carried: f.money }),
});

export const accumulatorsAnswer = z.object({
  personId: f.personId,
  homeRegion: f.region,
  scheme: f.scheme,
  buckets: z.array(
    z.object({
      bucket: z.string().meta({ description: 'first day of the benefit year, or disease/first day of its period' }),
      accumulators: z.array(z.object({ name: z.string(), measure: z.string(), value: z.string() })),
    }),
  ),
});

export const windowView = z.object({
  windowId: z.number().int(),
  businessDate: f.date,
  state: z.enum(['open', 'closed', 'issued']),
  openedAt: f.instant,
  closedAt: f.instant.optional(),
  issuedAt: f.instant.optional(),
});
export const windowList = z.object({ windows: z.array(windowView) });

export const clearingRunRequest = z.strictObject({
  businessDate: f.date.meta({ description: 'clears every window up to and including this business day' }),
});
export const clearingRunAnswer = z.object({ cleared: z.array(windowView) });

export const netPositionsAnswer = z.object({
  windowId: z.number().int(),
  positions: z.array(z.object({ region: f.region, receivable: f.money, payable: f.money, net: f.money })),
  bilateral: z.array(z.object({ payer: f.region, payee: f.region, amount: f.money })),
  transfers: z.array(z.object({ payer: f.region, payee: f.region, amount: f.money })),
});

export const pairStatementView = z.object({
  statementId: z.string(),
  windowId: z.number().int(),
  homeRegion: f.region,
  treatmentRegion: f.region,
  settlements: z.number().int(),
  owed: f.money,
  itemsHash: z.string(),
});
export const pairStatementList = z.object({ statements: z.array(pairStatementView) });

export const pairStatementDetail = pairStatementView.extend({
  gross: z.array(
    z.object({
      institutionId: f.institutionId,
      scheme: f.scheme,
      layer: z.union([z.enum(['account']), fundShares.keyof()]),
      settlements: z.number().int(),
      amount: f.money,
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
      itemHash: z.string(),
    }),
  ),
  nextAfter: f.settlementId.optional().meta({ description: 'pass as `after` for the next page of items' }),
});

export const totalsAnswer = z.object({
  settlements: z.number().int(),
  reversals: z.number().int(),
  total: f.money,
  fundTotal: f.money,
  account: f.money,
  cash: f.money,
});
