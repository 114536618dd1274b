import { z } from 'zod';
import type { Fen, Ratio } from '../core/money/fen.ts';
import {
  benefitKind,
  choose,
  count,
  date,
  fen,
  fenOrNone,
  filingKind,
  flag,
  institutionGroup,
  isDatedList,
  isEntry,
  itemClass,
  level,
  levelOrOwn,
  medicalAid,
  oneOrMany,
  payablePart,
  provenance,
  ratio,
  readBy,
  scheme,
  text,
  times,
  years,
} from './shapes.ts';

/** A document as it stands in a file, or in a case, where what a case does not care about has a default. */
export type WrittenIn = 'file' | 'case';

/** An amount, or a share of an index that is resolved when the policy is compiled. */
export type AmountDocument = Fen | { readonly index: string; readonly times: Ratio };

const span = z
  .strictObject({ from: years.optional(), below: years.optional() })
  .refine((value) => value.from !== undefined || value.below !== undefined, 'names neither `from` nor `below`');
const dateSpan = z
  .strictObject({ from: date.optional(), before: date.optional() })
  .refine((value) => value.from !== undefined || value.before !== undefined, 'names neither `from` nor `before`');

/** Numbers: one, any of several, or from one on. */
function numbers(one: typeof count) {
  const from = z.strictObject({ from: one }).transform((value): NumbersDocument => value);
  const any = oneOrMany(one).transform((value): NumbersDocument => value);
  return choose<z.ZodType<NumbersDocument>>((input) =>
    typeof input === 'object' && !Array.isArray(input) ? from : any,
  );
}
export type NumbersDocument = readonly number[] | { readonly from: number };

const condition = z
  .strictObject({
    level: numbers(level).optional(),
    status: oneOrMany(z.enum(['active', 'retired'])).optional(),
    age: span.optional(),
    retiredOn: dateSpan.optional(),
    severeDisability: flag.optional(),
    student: flag.optional(),
    familyDoctor: flag.optional(),
    civilServant: flag.optional(),
    medicalAid: oneOrMany(medicalAid).optional(),
    group: oneOrMany(institutionGroup).optional(),
    benefit: oneOrMany(benefitKind).optional(),
    emergency: flag.optional(),
    filing: oneOrMany(z.enum(['none', ...filingKind.options])).optional(),
    disease: oneOrMany(text).optional(),
    period: oneOrMany(text).optional(),
    admission: numbers(count).optional(),
    band: numbers(count).optional(),
    itemClass: oneOrMany(itemClass).optional(),
  })
  .refine((when) => Object.keys(when).length > 0, 'names no condition');
export type ConditionDocument = z.output<typeof condition>;

const index = z.strictObject({ index: text, times });
/** Text is read as it is; a mapping is a share of an index. */
function amountOr(plain: typeof fen) {
  return choose<z.ZodType<AmountDocument>>((input) => (typeof input === 'object' ? index : plain));
}
const amount = amountOr(fen);
const capAmount = amountOr(fenOrNone);

const yearStart = readBy(
  (value) => (/^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$/.test(value) ? value : undefined),
  'is not a day of every year (MM-DD)',
);

function rising(edges: readonly AmountDocument[]): boolean {
  const plain = edges.filter((edge) => typeof edge === 'number');
  return plain.every((edge, at) => at === 0 || edge > (plain[at - 1] ?? 0));
}
const edges = z
  .array(amount)
  .min(1)
  .refine((list) => list[0] === 0, 'the first edge is not 0')
  .refine(rising, 'edges do not rise');

function origin(writtenIn: WrittenIn) {
  if (writtenIn === 'file') return { source: text, provenance };
  return { source: text.default('case'), provenance: provenance.default('illustrative') };
}

/** In a case a parameter may be a bare value, or one entry without its list. */
function asDatedList(input: unknown): unknown {
  if (input === undefined || isDatedList(input)) return input;
  return isEntry(input) ? [input] : [{ value: input }];
}

function parameterOf<T>(writtenIn: WrittenIn, value: z.ZodType<T>) {
  const row = z.strictObject({
    when: condition.optional(),
    value,
    source: text.optional(),
    provenance: provenance.optional(),
    note: text.optional(),
  });
  const entry = z
    .strictObject({
      from: writtenIn === 'file' ? date : date.default('1900-01-01'),
      to: date.optional(),
      ...origin(writtenIn),
      note: text.optional(),
      rows: z.array(row).min(1).optional(),
      value: value.optional(),
    })
    .refine(
      (dated) => (dated.rows === undefined) !== (dated.value === undefined),
      'has not exactly one of `value`, `rows`',
    );
  const list = z.array(entry).min(1);
  return writtenIn === 'file' ? list : z.preprocess(asDatedList, list);
}
export type ParameterDocument<T> = z.output<ReturnType<typeof parameterOf<T>>>;

function deductibleOf(writtenIn: WrittenIn) {
  const waived = z.array(condition).default([]);
  const yearly = z
    .strictObject({
      form: z.literal('yearly'),
      amount: parameterOf(writtenIn, amount),
      accumulator: text,
      once: z.enum(['topUp', 'firstCome']).default('topUp'),
      standardAccumulator: text.optional(),
      waived,
    })
    .refine(
      (yearly) => (yearly.once === 'firstCome') === (yearly.standardAccumulator !== undefined),
      '`once: firstCome` and `standardAccumulator` go together',
    );
  const perAdmission = z
    .strictObject({
      form: z.literal('perAdmission'),
      amount: parameterOf(writtenIn, amount),
      factor: parameterOf(writtenIn, ratio).optional(),
      chained: flag.default(false),
      flat: parameterOf(writtenIn, capAmount).optional(),
      floor: parameterOf(writtenIn, amount).optional(),
      admissions: text.optional(),
      yearlyCeiling: z.strictObject({ amount: parameterOf(writtenIn, amount), accumulator: text }).optional(),
      waived,
    })
    .refine(
      (own) => own.factor !== undefined || (!own.chained && own.floor === undefined),
      '`chained` and `floor` need a `factor`',
    );
  const unknown = z.looseObject({ form: z.enum(['yearly', 'perAdmission']) });
  type Deductible = z.output<typeof yearly> | z.output<typeof perAdmission>;
  return choose<z.ZodType<Deductible>>((input) => {
    const form = typeof input === 'object' && input !== null && 'form' in input ? input.form : undefined;
    if (form === 'yearly') return yearly;
    // Whatever is neither form fails on the form itself.
    return form === 'perAdmission' ? perAdmission : (unknown as unknown as z.ZodType<Deductible>);
  });
}

function capOf(writtenIn: WrittenIn) {
  return z
    .strictObject({
      id: text,
      on: z.enum(['payment', 'expense']),
      amount: parameterOf(writtenIn, capAmount),
      accumulator: text.optional(),
      includesDeductible: flag.default(false),
      overflow: z.enum(['payment', 'expense']).optional(),
      when: condition.optional(),
    })
    .refine((cap) => cap.on === 'payment' || cap.overflow === undefined, '`overflow` is for caps on payment')
    .refine((cap) => cap.on === 'expense' || !cap.includesDeductible, '`includesDeductible` is for caps on expense');
}

function stageOf(writtenIn: WrittenIn) {
  return {
    deductible: deductibleOf(writtenIn).optional(),
    bands: z.strictObject({
      measure: z.enum(['gross', 'afterDeductible']).default('afterDeductible'),
      accumulator: text.optional(),
      edges: parameterOf(writtenIn, edges).optional(),
      ratio: parameterOf(writtenIn, ratio),
    }),
    caps: z.array(capOf(writtenIn)).default([]),
  };
}

function layerOf(writtenIn: WrittenIn) {
  const lumpSum = z.strictObject({
    at: parameterOf(writtenIn, amount),
    pays: parameterOf(writtenIn, amount),
    accumulator: text,
  });
  return z.strictObject({
    id: text,
    fund: z.enum(['largeCost', 'seriousIllness', 'civilServant', 'medicalAid']),
    benefits: z.array(benefitKind).min(1).optional(),
    when: condition.optional(),
    base: z.array(payablePart).min(1),
    ...stageOf(writtenIn),
    lumpSum: lumpSum.optional(),
  });
}

function diseaseOf(writtenIn: WrittenIn) {
  const period = z.strictObject({ id: text, months: parameterOf(writtenIn, count).optional() });
  return z
    .strictObject({
      code: text,
      name: text,
      scope: z.enum(['listed', 'any']),
      items: z.array(text).default([]),
      certifiedItems: flag.default(false),
      periods: z.array(period).default([]),
      ...origin(writtenIn),
      note: text.optional(),
    })
    .refine(
      ({ scope, items, certifiedItems }) => (scope === 'listed') === (items.length > 0 || certifiedItems),
      '`scope: listed` needs items (or certified ones), `scope: any` has none',
    );
}

function outOfAreaOf(writtenIn: WrittenIn) {
  return z
    .strictObject({
      extraFirstSelfPay: parameterOf(writtenIn, ratio).optional(),
      ratioMinus: parameterOf(writtenIn, ratio).optional(),
      benefitTimes: parameterOf(writtenIn, ratio).optional(),
      deductibleTimes: parameterOf(writtenIn, times).optional(),
      level: parameterOf(writtenIn, levelOrOwn).optional(),
    })
    .refine((forms) => Object.keys(forms).length > 0, 'names none of the five forms');
}

const accumulator = z.strictObject({
  counts: z.enum(['expense', 'deducted', 'beyond', 'covered', 'coveredAndDeducted', 'paid', 'admissions', 'standard']),
  of: z.array(text).min(1),
  when: condition.optional(),
  per: z.enum(['year', 'period']).default('year'),
});

function accountOf(writtenIn: WrittenIn) {
  return z.strictObject({
    purse: z.enum(['current', 'carried', 'family']),
    benefits: z.array(benefitKind).min(1),
    first: z.array(benefitKind).default([]),
    pays: z.array(payablePart),
    ...origin(writtenIn),
    note: text.optional(),
  });
}

function policyOf(writtenIn: WrittenIn) {
  const benefit = z.strictObject({
    ...stageOf(writtenIn),
    longStayDays: parameterOf(writtenIn, count).optional(),
  });
  return z.strictObject({
    id: text,
    region: text,
    scheme,
    effective: z.strictObject({ from: date, to: date.optional() }),
    year: z.strictObject({
      starts: yearStart,
      placedBy: z.enum(['settlement', 'discharge', 'admission']),
      ...origin(writtenIn),
      note: text.optional(),
    }),
    indices: z.record(z.string(), parameterOf(writtenIn, fen)).default({}),
    accumulators: z.record(z.string(), accumulator).default({}),
    benefits: z.strictObject({
      outpatient: benefit.optional(),
      pharmacy: benefit.optional(),
      inpatient: benefit.optional(),
      specialDisease: benefit.optional(),
    }),
    layers: z.array(layerOf(writtenIn)).default([]),
    specialDiseases: z.array(diseaseOf(writtenIn)).default([]),
    outOfArea: outOfAreaOf(writtenIn).optional(),
    accounts: z.array(accountOf(writtenIn)).default([]),
  });
}

/** The shape of a policy, as README.md of config/policies describes it. */
export const policySchema: Readonly<Record<WrittenIn, ReturnType<typeof policyOf>>> = {
  file: policyOf('file'),
  case: policyOf('case'),
};

export type PolicyDocument = z.output<typeof policySchema.file>;
export type StageDocument = Pick<PolicyDocument['layers'][number], 'deductible' | 'bands' | 'caps'>;
export type DeductibleDocument = NonNullable<StageDocument['deductible']>;
