import type { AccountBalances, Accumulators, Bill, BillLine, InstitutionFacts } from '../../core/adjudicate/facts.ts';
import type {
  LineReason,
  LineVerdict,
  StageVerdict,
  TraceEntry,
  TraceStep,
  Verdict,
} from '../../core/adjudicate/verdict.ts';
import { totalsOf } from '../../core/adjudicate/totals.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { PERSON_PARTS, type BenefitKind, type Fund, type ItemClass } from '../../core/policy/terms.ts';
import type { PersonRecord } from '../ports.ts';

/** Everything a settlement rests on and came to: enough to print it, to explain it and to work it out again. */
export interface SettlementDocument {
  readonly bill: Bill;
  readonly institution: InstitutionFacts;
  readonly person: PersonRecord;
  readonly familyPayer: string | undefined;
  /** What the bill found before it. */
  readonly accumulators: Accumulators;
  readonly accounts: AccountBalances;
  readonly verdict: Verdict;
}

/** A reversal's document: whose exact negative it is, and why. */
export interface ReversalDocument {
  readonly reverses: string;
  readonly reason: string;
  /** Code and detail, where the bill is rejected by what the home fund said afterwards. */
  readonly rejection?: string;
}

/** Where the rows of a policy are found by its hash. */
type Policies = Pick<Rulebook, 'policyByHash'>;

/** A line and its split as one array: keys would be half of the bytes written for a bill. */
type PackedLine = readonly [
  code: string | null,
  name: string,
  quantity: number,
  price: number,
  amount: number,
  feeDate: string | null,
  certifiedFor: string | null,
  restrictionMet: 0 | 1,
  refundOf: number | null,
  itemClass: ItemClass,
  reason: LineReason,
  firstSelfPayRatio: number,
  overPriceLimit: 0 | 1,
  compliant: 0 | 1,
  fullSelfPay: number,
  overLimit: number,
  firstSelfPay: number,
  eligible: number,
  benefit: BenefitKind | null,
];

type PackedStage = readonly [
  stage: string,
  fund: Fund,
  expense: number,
  deducted: number,
  covered: number,
  lumpSum: number,
  paid: number,
  overCap: number,
  slices: readonly (readonly [band: number, amount: number, ratio: number])[],
];

type PackedTrace = readonly [
  step: TraceStep,
  of: string,
  rows: readonly number[],
  inputs: TraceEntry['inputs'],
  result: TraceEntry['result'],
];

type PackedVerdict = Pick<
  Verdict,
  'policyHash' | 'catalogueHashes' | 'catalogueOf' | 'pairProvenance' | 'benefitDate' | 'yearStart' | 'accounts'
> & {
  readonly stages: readonly PackedStage[];
  /** In the order of PERSON_PARTS. */
  readonly parts: readonly number[];
  readonly changes: readonly (readonly [bucket: string, name: string, before: number, after: number])[];
  readonly trace: readonly PackedTrace[];
};

interface Packed {
  readonly v: 1;
  readonly bill: Omit<Bill, 'lines'>;
  readonly lines: readonly PackedLine[];
  readonly institution: InstitutionFacts;
  readonly person: PersonRecord;
  readonly familyPayer?: string | undefined;
  readonly accumulators: Accumulators;
  readonly accounts: AccountBalances;
  readonly verdict: PackedVerdict;
}

function packLine(line: BillLine, split: LineVerdict, bill: Bill): PackedLine {
  return [
    line.code ?? null,
    line.name,
    line.quantity,
    line.price,
    line.amount,
    line.feeDate === bill.visitDate ? null : line.feeDate,
    line.certifiedFor ?? null,
    line.restrictionMet ? 1 : 0,
    line.refundOf ?? null,
    split.itemClass,
    split.reason,
    split.firstSelfPayRatio,
    split.overPriceLimit ? 1 : 0,
    split.compliant ? 1 : 0,
    split.fullSelfPay,
    split.overLimit,
    split.firstSelfPay,
    split.eligible,
    split.benefit === bill.kind ? null : split.benefit,
  ];
}

function unpackLine(
  packed: PackedLine,
  index: number,
  bill: Omit<Bill, 'lines'>,
): { line: BillLine; split: LineVerdict } {
  const no = index + 1;
  const [code, name, quantity, price, amount, feeDate, certifiedFor, restrictionMet, refundOf, ...rest] = packed;
  const [itemClass, reason, firstSelfPayRatio, overPriceLimit, compliant, ...amounts] = rest;
  const [fullSelfPay, overLimit, firstSelfPay, eligible, benefit] = amounts;
  return {
    line: {
      no,
      code: code ?? undefined,
      name,
      quantity,
      price,
      amount,
      feeDate: feeDate ?? bill.visitDate,
      certifiedFor: certifiedFor ?? undefined,
      restrictionMet: restrictionMet === 1,
      refundOf: refundOf ?? undefined,
    },
    split: {
      no,
      itemClass,
      reason,
      firstSelfPayRatio,
      overPriceLimit: overPriceLimit === 1,
      compliant: compliant === 1,
      fullSelfPay,
      overLimit,
      firstSelfPay,
      eligible,
      benefit: benefit ?? bill.kind,
    },
  };
}

function packVerdict(verdict: Verdict): PackedVerdict {
  const { policyHash, catalogueHashes, catalogueOf, pairProvenance, benefitDate, yearStart, accounts } = verdict;
  return {
    policyHash,
    catalogueHashes,
    catalogueOf,
    pairProvenance,
    benefitDate,
    yearStart,
    accounts,
    stages: verdict.stages.map((stage) => [
      stage.stage,
      stage.fund,
      stage.expense,
      stage.deducted,
      stage.covered,
      stage.lumpSum,
      stage.paid,
      stage.overCap,
      stage.slices.map(({ band, amount, ratio }) => [band, amount, ratio] as const),
    ]),
    parts: PERSON_PARTS.map((part) => verdict.personParts[part]),
    changes: verdict.accumulators.map(({ bucket, name, before, after }) => [bucket, name, before, after]),
    trace: verdict.trace.map(({ step, of, rows, inputs, result }) => [
      step,
      of,
      rows.map((row) => row.index),
      inputs,
      result,
    ]),
  };
}

function unpackStage(packed: PackedStage): StageVerdict {
  const [stage, fund, expense, deducted, covered, lumpSum, paid, overCap, slices] = packed;
  const beyond = expense - deducted;
  return {
    stage,
    fund,
    expense,
    deducted,
    beyond,
    covered,
    slices: slices.map(([band, amount, ratio]) => ({ band, amount, ratio })),
    lumpSum,
    paid,
    coinsurance: beyond - (paid - lumpSum) - overCap,
    overCap,
  };
}

function unpackVerdict(packed: PackedVerdict, lines: readonly LineVerdict[], policies: Policies): Verdict {
  const { stages: packedStages, parts, changes, trace, ...rest } = packed;
  const stages = packedStages.map(unpackStage);
  const rows = policies.policyByHash(packed.policyHash)?.rows;
  return {
    kind: 'verdict',
    ...rest,
    lines,
    stages,
    ...totalsOf(lines, stages, packed.accounts),
    personParts: Object.fromEntries(PERSON_PARTS.map((part, index) => [part, parts[index]])) as Verdict['personParts'],
    accumulators: changes.map(([bucket, name, before, after]) => ({ bucket, name, before, after })),
    trace: trace.map(([step, of, indexes, inputs, result]) => ({
      step,
      of,
      rows: rows === undefined ? [] : indexes.flatMap((index) => rows[index] ?? []),
      inputs,
      result,
    })),
  };
}

/**
 * Writes a settlement's document as compact text. Values of law are named by their number in the policy whose hash
 * stands beside them; sums that follow from the parts are not written twice.
 *
 * @shape document → JSON text of integers and words; no amount is ever a fraction
 */
export function encodeDocument(document: SettlementDocument): string {
  const { bill, institution, person, familyPayer, accumulators, accounts, verdict } = document;
  const { lines, ...billFacts } = bill;
  const packed: Packed = {
    v: 1,
    bill: billFacts,
    lines: lines.map((line, index) => packLine(line, verdict.lines[index] as LineVerdict, bill)),
    institution,
    person,
    familyPayer,
    accumulators,
    accounts,
    verdict: packVerdict(verdict),
  };
  return JSON.stringify(packed);
}

/**
 * Reads a document back.
 *
 * @shape text → document; trace rows are empty where the policy is not held any more
 */
export function decodeDocument(text: string, policies: Policies): SettlementDocument {
  const { bill, lines, institution, person, familyPayer, accumulators, accounts, verdict } = JSON.parse(text) as Packed;
  const both = lines.map((line, index) => unpackLine(line, index, bill));
  return {
    bill: withAbsent<Bill>({ ...bill, lines: both.map(({ line }) => line) }, ['admissionDate', 'disease']),
    institution,
    person: withAbsent(person, ['retiredOn']),
    familyPayer,
    accumulators,
    accounts,
    verdict: unpackVerdict(
      verdict,
      both.map(({ split }) => split),
      policies,
    ),
  };
}

/** Hash of the policy that a settlement was settled by; undefined for the document of a reversal, which has none. */
export function policyHashOf(text: string): string | undefined {
  return (JSON.parse(text) as { readonly verdict?: { readonly policyHash: string } }).verdict?.policyHash;
}

/** JSON drops undefined members; types say that they are there. */
function withAbsent<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  const missing = keys.filter((key) => !(key in value)).map((key) => [key, undefined] as const);
  return missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing) };
}
