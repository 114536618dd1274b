import { z } from 'zod';
import * as f from './fields.ts';

const span = { from: f.date, to: f.date.optional() };

export const bucket = z
  .string()
  .max(48)
  .regex(/^([A-Za-z0-9.]+\/)?\d{4}-\d{2}-\d{2}$/, 'is neither a day nor disease/day')
  .meta({
    description: 'first day of the benefit year, or disease/first day of its period',
    examples: ['2026-01-01', 'M07801/2026-03-05'],
  });
export const accumulatorName = z.string().min(1).max(40).meta({ description: 'as the policy of the person names it' });
const text = z.string().min(1).max(24);

/** What a fund's balances have in them of what happened. */
export const balancesContain = z.strictObject({
  eventSequence: z.number().int().min(0).max(1e12).meta({
    description: 'sequence of the last accumulator event of the person that is in them; 0 for none',
  }),
  lastAdvice: f.settlementId.optional().meta({
    description:
      'messageId of the last advice in them, of the person or of a relative whose bill the person’s account paid; all before it are in them too, none after it. Left out: none is in them',
  }),
});

export const fundBalances = z.strictObject({
  contains: balancesContain,
  accounts: z.strictObject({ current: f.sum, carried: f.sum }),
  accumulators: z
    .array(
      z.strictObject({
        bucket,
        name: accumulatorName,
        value: text.meta({ description: 'yuan with two places; heads as a whole number', examples: ['1200.00', '2'] }),
      }),
    )
    .max(500)
    .meta({ description: 'all of them: what is not named is 0' }),
});

/** A person as the home fund knows them. */
export const personCopy = z.strictObject({
  personId: f.personId,
  name: z.string().min(1).max(100),
  scheme: f.scheme,
  birthDate: f.date,
  status: z.enum(['active', 'retired']),
  retiredOn: f.date.optional(),
  severeDisability: z.boolean(),
  student: z.boolean(),
  familyDoctor: z.boolean(),
  civilServant: z.boolean(),
  medicalAid: z.enum(['none', 'specialHardship', 'lowIncome', 'otherAid']),
  coverage: z.array(z.strictObject({ ...span, state: z.enum(['active', 'suspended']) })).max(200),
  registrations: z.array(z.strictObject({ ...span, disease: f.diseaseCode, periodsFrom: f.date })).max(200),
  filings: z
    .array(
      z.strictObject({
        ...span,
        kind: z.enum(['longTerm', 'referral', 'emergency', 'other']),
        treatmentRegion: f.region.optional().meta({ description: 'left out: anywhere' }),
      }),
    )
    .max(200),
  sharesAccountWith: z.array(f.personId).max(50).meta({ description: 'relatives who may pay from the account' }),
  asOf: f.instant.meta({ description: 'when this was so at the fund; an older copy never replaces a newer one' }),
  balances: fundBalances
    .optional()
    .meta({ description: 'left out: balances stay as they are; of a new person they are 0' }),
});
export type PersonCopyBody = z.infer<typeof personCopy>;

export const personCopies = z.strictObject({ persons: z.array(personCopy).min(1).max(500) });
export type PersonCopies = z.infer<typeof personCopies>;

const refusal = {
  code: z.string().optional().meta({ description: 'of a refusal' }),
  detail: z.string().optional(),
  fields: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
};

export const takenPerson = z.object({
  personId: f.personId,
  outcome: z.enum(['created', 'replaced', 'outdated', 'refused']).meta({
    description: 'outdated: a newer copy is there and nothing was changed',
  }),
  ...refusal,
});
export type TakenPersonBody = z.infer<typeof takenPerson>;
export const takenPersons = z.object({ persons: z.array(takenPerson) });
export type TakenPersons = z.infer<typeof takenPersons>;

/** Spending at home. The fund numbers the events of each person from 1 without gaps. */
export const accumulatorEvent = z.strictObject({
  eventId: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._-]+$/, 'has characters other than letters, digits, ".", "_" and "-"')
    .meta({ description: 'the fund’s id of it; the same id again must say the same', examples: ['YB20261124-000077'] }),
  personId: f.personId,
  sequence: z.number().int().min(1).max(1e12),
  accumulators: z
    .array(
      z.strictObject({
        bucket,
        name: accumulatorName,
        change: text.meta({ description: 'yuan with two places; heads as a whole number', examples: ['-12.50', '1'] }),
      }),
    )
    .max(100)
    .meta({ description: 'what one visit moved, at once; none for an event that only fills its place' }),
  accounts: z
    .strictObject({ current: f.money, carried: f.money })
    .optional()
    .meta({ description: 'changes of the account’s purses; what was drawn is negative' }),
  occurredAt: f.instant,
});
export type AccumulatorEventBody = z.infer<typeof accumulatorEvent>;

export const accumulatorEvents = z.strictObject({ events: z.array(accumulatorEvent).min(1).max(1000) });
export type AccumulatorEvents = z.infer<typeof accumulatorEvents>;

export const takenEvent = z.object({
  eventId: z.string(),
  outcome: z.enum(['applied', 'waiting', 'repeat', 'contained', 'refused']).meta({
    description:
      'waiting: held until an earlier one of the person has come; repeat: applied before; contained: a snapshot had it in already',
  }),
  waitsFor: z.number().int().optional().meta({ description: 'sequence that is missing' }),
  ...refusal,
});
export const takenEvents = z.object({ events: z.array(takenEvent) });
export type TakenEvents = z.infer<typeof takenEvents>;

/** How each county's copy stands. */
export const feedsAnswer = z.object({
  feeds: z.array(
    z.object({
      region: f.region,
      asOf: f.instant.optional().meta({ description: 'of the oldest person; none when one was never copied' }),
      eventsWaiting: z.number().int(),
      eventsRefused: z.number().int(),
      pulls: z.array(
        z.object({
          feed: z.enum(['persons', 'accumulatorEvents']),
          position: z.string(),
          refused: z.number().int().meta({ description: 'persons or events that were refused, ever' }),
          caughtUpAt: f.instant.optional(),
          askedAt: f.instant.optional(),
          lastError: z.string().optional().meta({ description: 'with the partner’s own code, if there was one' }),
        }),
      ),
    }),
  ),
});
export type FeedsAnswer = z.infer<typeof feedsAnswer>;
