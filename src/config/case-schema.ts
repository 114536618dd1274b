import { z } from 'zod';
import { parseFen, parsePrice, parseQuantity } from '../core/money/text.ts';
import {
  benefitKind,
  choose,
  count,
  date,
  fen,
  filingKind,
  flag,
  institutionGroup,
  itemClass,
  level,
  medicalAid,
  ratio,
  readBy,
  scheme,
  text,
} from './shapes.ts';

const LONG_AGO = '1900-01-01';

const purses = z.strictObject({ current: fen.default(0), carried: fen.default(0), family: fen.default(0) });

/** Amounts of accumulators stay text until the policy says what they count. */
const named = z.record(z.string(), z.string());

const person = z.strictObject({
  homeRegion: text.optional(),
  scheme: scheme.optional(),
  birthDate: date.optional(),
  status: z.enum(['active', 'retired']).optional(),
  retiredOn: date.optional(),
  severeDisability: flag.optional(),
  student: flag.optional(),
  familyDoctor: flag.optional(),
  civilServant: flag.optional(),
  medicalAid: medicalAid.optional(),
  coverage: z
    .array(
      z.strictObject({
        from: date.default(LONG_AGO),
        to: date.optional(),
        state: z.enum(['active', 'suspended']).default('active'),
      }),
    )
    .optional(),
  registrations: z
    .array(z.strictObject({ disease: text, from: date, to: date.optional(), periodsFrom: date.optional() }))
    .optional(),
  filings: z
    .array(
      z.strictObject({
        kind: filingKind,
        treatmentRegion: text.optional(),
        from: date.default(LONG_AGO),
        to: date.optional(),
      }),
    )
    .optional(),
});

/** Balances are the case's, not a bill's: they are carried from bill to bill. */
const personAtStart = person.extend({ accounts: purses.prefault({}), accumulators: named.default({}) });

const institution = z.strictObject({
  level: level.optional(),
  region: text.optional(),
  groups: z.array(institutionGroup).optional(),
});

const bothSchemes = ratio.transform((own) => ({ employee: own, resident: own }));
const eachScheme = z.strictObject({ employee: ratio, resident: ratio });

const line = z
  .strictObject({
    code: text.optional(),
    name: text.optional(),
    quantity: readBy(parseQuantity, 'is not a quantity of at most four places').optional(),
    price: readBy(parsePrice, 'is not a price of at most six places').optional(),
    amount: readBy(parseFen, 'is not an amount of at most two places').optional(),
    feeDate: date.optional(),
    certifiedFor: text.optional(),
    restrictionMet: flag.default(false),
    refundOf: count.optional(),
    class: itemClass.optional(),
    firstSelfPay: choose<typeof eachScheme | typeof bothSchemes>((input) =>
      typeof input === 'object' ? eachScheme : bothSchemes,
    ).optional(),
    priceLimit: readBy(parsePrice, 'is not a price of at most six places').optional(),
    restriction: text.optional(),
    compliant: flag.optional(),
  })
  .refine((own) => own.amount !== undefined || own.price !== undefined, 'has neither `amount` nor `price`');

const bill = z.strictObject({
  kind: benefitKind.default('outpatient'),
  visitDate: date.default('2024-06-15'),
  settledOn: date.optional(),
  admissionDate: date.optional(),
  emergency: flag.default(false),
  disease: text.optional(),
  lines: z.array(line).min(1),
});

const signedFen = readBy(parseFen, 'is not an amount of at most two places').optional();

const expectation = z.strictObject({
  total: signedFen,
  fullSelfPay: signedFen,
  overLimit: signedFen,
  firstSelfPay: signedFen,
  eligible: signedFen,
  outOfArea: signedFen,
  deductible: signedFen,
  pool: signedFen,
  largeCost: signedFen,
  seriousIllness: signedFen,
  civilServant: signedFen,
  medicalAid: signedFen,
  fundTotal: signedFen,
  personTotal: signedFen,
  account: signedFen,
  current: signedFen,
  carried: signedFen,
  family: signedFen,
  cash: signedFen,
  lines: z
    .record(
      z.string().regex(/^[1-9]\d*$/, 'is not a line number'),
      z.strictObject({
        fullSelfPay: signedFen,
        overLimit: signedFen,
        firstSelfPay: signedFen,
        eligible: signedFen,
        reason: text.optional(),
      }),
    )
    .default({}),
  accumulators: named.default({}),
  rejection: text.optional(),
});

const billStep = z.strictObject({
  bill,
  person: person.optional(),
  institution: institution.optional(),
  expect: expectation.prefault({}),
});
const reversalStep = z.strictObject({ reverse: count, expect: expectation.prefault({}) });

const step = choose<typeof billStep | typeof reversalStep>((input) =>
  typeof input === 'object' && input !== null && 'reverse' in input ? reversalStep : billStep,
);

/** The shape of a case but for its policy, which is either a name or a policy of its own. */
export const caseSchema = z
  .strictObject({
    name: text,
    source: text.optional(),
    policy: z.unknown().optional(),
    pair: z
      .strictObject({
        catalogueOf: z.enum(['home', 'treatment']).default('home'),
        zone: flag.default(false),
        openDiseases: z.array(text).optional(),
      })
      .optional(),
    person: personAtStart.prefault({}),
    institution: institution.default({}),
    bill: bill.optional(),
    expect: expectation.optional(),
    bills: z.array(step).min(1).optional(),
  })
  .refine((own) => (own.bill === undefined) !== (own.bills === undefined), 'has not exactly one of `bill`, `bills`')
  .refine((own) => (own.bill === undefined) === (own.expect === undefined), '`expect` belongs to the `bill` beside it');

export const policyNameSchema = z.strictObject({ region: text, scheme });

export type CaseDocument = z.output<typeof caseSchema>;
export type StepDocument = z.output<typeof step>;
export type BillStepDocument = z.output<typeof billStep>;
export type LineDocument = z.output<typeof line>;
export type ExpectationDocument = z.output<typeof expectation>;
