import { z } from 'zod';
import * as f from './fields.ts';

export const eligibilityRequest = z.strictObject({
  personId: f.personId,
  kind: f.benefitKind,
  visitDate: f.date,
  disease: f.diseaseCode.optional(),
  institutionId: f.institutionId.optional().meta({
    description: 'where the person is to be treated; an institution need not name itself, a fund must name one',
  }),
});
export type EligibilityRequest = z.infer<typeof eligibilityRequest>;

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
export type EligibilityAnswer = z.infer<typeof eligibilityAnswer>;

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
export type AccumulatorsAnswer = z.infer<typeof accumulatorsAnswer>;
