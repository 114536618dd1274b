import type { Attributes } from '../../src/core/policy/parameter.ts';
import type { Bands, Cap, Deductible, Stage } from '../../src/core/policy/policy.ts';
import { rowOf } from './gate.ts';
import {
  ONE,
  atMost,
  least,
  minus,
  notNegative,
  plus,
  ratio,
  rounded,
  sum,
  times,
  whole,
  type Exact,
} from './exact.ts';

export interface StageAmounts {
  readonly stage: string;
  readonly expense: bigint;
  readonly deducted: bigint;
  readonly beyond: bigint;
  readonly covered: bigint;
  readonly lumpSum: bigint;
  readonly paid: bigint;
  readonly coinsurance: bigint;
  readonly overCap: bigint;
}

/** What a stage is worked out from. */
export interface StageInput {
  readonly stage: Stage;
  readonly day: string;
  readonly attributes: Attributes;
  /** Expense of each admission that the bill counts as; one, but for a long stay. */
  readonly admissions: readonly bigint[];
  /** Expense by class A, B, C. */
  readonly classes: readonly [bigint, bigint, bigint];
  readonly deductibleTimes: Exact;
  readonly ratioMinus: Exact;
  readonly benefitTimes: Exact;
  /** Where an accumulator stands before this stage; undefined reads 0. */
  readonly read: (accumulator: string | undefined) => bigint;
  /** Notes that a mechanism had an effect. */
  readonly note: (mechanism: string) => void;
}

/** A stretch of expense beyond the deductible that is paid at one ratio. */
interface Piece {
  readonly from: bigint;
  readonly to: bigint;
  readonly rate: Exact;
}

const NO_LIMIT = BigInt(Number.MAX_SAFE_INTEGER);

type YearlyDeductible = Extract<Deductible, { form: 'yearly' }>;
type AdmissionDeductible = Extract<Deductible, { form: 'perAdmission' }>;

/** The standard of a yearly deductible before what was used of it. */
export function yearlyStandard(deductible: YearlyDeductible, input: StageInput): bigint {
  const amount = whole(rowOf(deductible.amount, input.day, input.attributes).value);
  const own = rounded(times(amount, input.deductibleTimes));
  const fixed = deductible.once === 'firstCome' ? input.read(deductible.standardAccumulator) : 0n;
  if (fixed > 0n && fixed !== own) input.note('deductible firstCome keeps the first standard');
  return fixed > 0n ? fixed : own;
}

function chainedFactor(deductible: AdmissionDeductible, input: StageInput, admission: number): Exact {
  if (deductible.factor === undefined) return ONE;
  const { factor } = deductible;
  const rowAt = (nth: number) => rowOf(factor, input.day, { ...input.attributes, admission: nth });
  if (!deductible.chained) return ratio(rowAt(admission).value);
  const passed = new Set(Array.from({ length: admission }, (_, before) => rowAt(before + 1)));
  if (passed.size > 1) input.note('deductible chained');
  return [...passed].reduce((product, row) => times(product, ratio(row.value)), ONE);
}

/** The standard of the n-th admission of the year, before the yearly ceiling. */
function admissionStandard(deductible: AdmissionDeductible, input: StageInput, admission: number): bigint {
  const attributes = { ...input.attributes, admission };
  const at = (parameter: AdmissionDeductible['amount'] | undefined) =>
    parameter === undefined ? undefined : BigInt(rowOf(parameter, input.day, attributes).value);
  const flat = at(deductible.flat) ?? NO_LIMIT;
  let standard = flat;
  if (flat === NO_LIMIT) {
    standard = rounded(times(whole(at(deductible.amount) ?? 0n), chainedFactor(deductible, input, admission)));
    const floor = deductible.factor !== undefined && admission > 1 ? (at(deductible.floor) ?? 0n) : 0n;
    if (floor > standard) input.note('deductible floor');
    if (floor > standard) standard = floor;
  } else {
    input.note('deductible flat');
  }
  return rounded(times(whole(standard), input.deductibleTimes));
}

function waived(deductible: Deductible, input: StageInput, admission: number): boolean {
  const free = deductible.waived.some((condition) => condition.holds({ ...input.attributes, admission }));
  if (free) input.note('deductible waived');
  return free;
}

function deductedOf(deductible: Deductible | undefined, input: StageInput): bigint {
  if (deductible === undefined) return 0n;
  if (deductible.form === 'yearly') {
    if (waived(deductible, input, input.attributes.admission)) return 0n;
    const standard = yearlyStandard(deductible, input);
    const used = input.read(deductible.accumulator);
    const expense = sum(input.admissions);
    if (used > 0n && used < standard && expense > 0n) input.note('deductible yearly partly used');
    return least(expense, notNegative(standard - used));
  }
  const ceiling = deductible.yearlyCeiling;
  let room = NO_LIMIT;
  if (ceiling !== undefined) {
    const amount = BigInt(rowOf(ceiling.amount, input.day, input.attributes).value);
    room = notNegative(amount - input.read(ceiling.accumulator));
  }
  let total = 0n;
  input.admissions.forEach((expense, index) => {
    const admission = input.attributes.admission === 0 ? 0 : input.attributes.admission + index;
    if (waived(deductible, input, admission)) return;
    const charged = least(expense, admissionStandard(deductible, input, admission));
    if (room - total < charged) input.note('deductible ceiling');
    total += least(charged, room - total);
  });
  return total;
}

function usesClass(bands: Bands): boolean {
  const rows = bands.ratio.entries.flatMap((entry) => entry.rows);
  return rows.some((row) => row.when?.uses.includes('itemClass'));
}

/** The stretches of `0…beyond`, cut wherever the ratio may change: at band edges and between classes. */
function piecesOf(input: StageInput, beyond: bigint, deducted: bigint): Piece[] {
  const { bands } = input.stage;
  const edges = rowOf(bands.edges, input.day, input.attributes).value.map(BigInt);
  const start = input.read(bands.accumulator) + (bands.measure === 'gross' ? deducted : 0n);
  const byClass = usesClass(bands);

  // Class A ends where A's expense ends, less the deductible, which was taken from it first; then B, then C.
  const [a, b] = input.classes;
  const classEnds = [notNegative(a - deducted), notNegative(a + b - deducted)];
  const cuts = [...edges.map((edge) => edge - start), ...(byClass ? classEnds : []), beyond];
  const inside = [...new Set(cuts.filter((cut) => cut > 0n && cut <= beyond))].toSorted((x, y) => (x < y ? -1 : 1));

  return inside.map((to, index) => {
    const from = inside[index - 1] ?? 0n;
    const band = edges.filter((edge) => edge <= start + from).length;
    const classIndex = classEnds.filter((end) => end <= from).length;
    const itemClass = byClass ? (['A', 'B', 'C'] as const)[classIndex] : undefined;
    const lawful = ratio(rowOf(bands.ratio, input.day, { ...input.attributes, band, itemClass }).value);
    const reduced = minus(lawful, input.ratioMinus);
    const rate = times(reduced.top > 0n ? reduced : whole(0), input.benefitTimes);
    return { from, to, rate };
  });
}

/** The exact payment for the first `halves` half-fen of the expense beyond the deductible. */
function paidUpTo(pieces: readonly Piece[], halves: bigint): Exact {
  let paid: Exact = { top: 0n, per: 1n };
  for (const { from, to, rate } of pieces) {
    const reached = least(halves, 2n * to) - 2n * from;
    if (reached > 0n) paid = plus(paid, times({ top: reached, per: 2n }, rate));
  }
  return paid;
}

/** The expense, to the nearest fen, at which the payment reaches an amount: bisection, then a look at the half fen. */
function expenseAt(pieces: readonly Piece[], covered: bigint, payment: bigint): bigint {
  const affords = (halves: bigint) => atMost(paidUpTo(pieces, halves), whole(payment));
  let low = 0n;
  let high = covered;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (affords(2n * middle)) low = middle;
    else high = middle - 1n;
  }
  return low < covered && affords(2n * low + 1n) ? low + 1n : low;
}

interface Limit {
  readonly cap: Cap;
  readonly amount: bigint;
  readonly room: bigint;
}

function limitsOf(input: StageInput, on: Cap['on'], deducted: bigint): Limit[] {
  const limits: Limit[] = [];
  for (const cap of input.stage.caps) {
    if (cap.on !== on || cap.when?.holds(input.attributes) === false) continue;
    const amount = BigInt(rowOf(cap.amount, input.day, input.attributes).value);
    const own = on === 'expense' && cap.includesDeductible ? deducted : 0n;
    if (amount !== NO_LIMIT)
      limits.push({ cap, amount, room: notNegative(amount - input.read(cap.accumulator) - own) });
  }
  return limits.toSorted((a, b) => (a.room === b.room ? 0 : a.room < b.room ? -1 : 1));
}

function noteLimits(input: StageInput, limits: readonly Limit[], wanted: bigint): void {
  const binding = limits.filter(({ room }) => room < wanted);
  if (binding.length > 1) input.note('cap nested');
  if (limits.some(({ room }) => room === wanted && wanted > 0n)) input.note('cap reached exactly');
  const tightest = binding[0];
  if (tightest === undefined) return;
  const { on, overflow, accumulator, includesDeductible } = tightest.cap;
  input.note(on === 'expense' ? 'cap on expense' : `cap on payment, overflow ${overflow}`);
  if (accumulator === undefined) input.note('cap per bill');
  if (includesDeductible) input.note('cap includes the deductible');
}

function noteBands(input: StageInput, pieces: readonly Piece[], deducted: bigint): void {
  const { bands } = input.stage;
  if (pieces.length > 1) input.note(`bands crossed, ${bands.measure}`);
  if (pieces.length > 0 && usesClass(bands)) input.note('bands by class');
  const edges = rowOf(bands.edges, input.day, input.attributes).value.map(BigInt);
  const start = input.read(bands.accumulator) + (bands.measure === 'gross' ? deducted : 0n);
  const end = start + (pieces.at(-1)?.to ?? 0n);
  if (end > 0n && edges.includes(end)) input.note('band edge met exactly');
}

/** One stage: what the person bears first, what the rest is paid at, and what limits cut off. */
export function workOut(input: StageInput): StageAmounts {
  const expense = sum(input.admissions);
  const deducted = deductedOf(input.stage.deductible, input);
  const beyond = expense - deducted;
  const pieces = piecesOf(input, beyond, deducted);
  noteBands(input, pieces, deducted);

  const expenseLimits = limitsOf(input, 'expense', deducted);
  noteLimits(input, expenseLimits, beyond);
  const covered = least(beyond, expenseLimits[0]?.room ?? beyond);

  const wanted = rounded(paidUpTo(pieces, 2n * covered));
  const paymentLimits = limitsOf(input, 'payment', deducted);
  noteLimits(input, paymentLimits, wanted);
  const tightest = paymentLimits[0];
  const paid = least(wanted, tightest?.room ?? wanted);

  let cutOff = wanted - paid;
  if (cutOff > 0n && tightest?.cap.overflow === 'expense') {
    cutOff = least(covered - expenseAt(pieces, covered, paid), covered - paid);
  }
  const overCap = beyond - covered + cutOff;
  const coinsurance = beyond - paid - overCap;
  return {
    stage: input.stage.id,
    expense,
    deducted,
    beyond,
    covered,
    lumpSum: 0n,
    paid,
    coinsurance,
    overCap,
  };
}
