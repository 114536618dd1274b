import {
  NO_LIMIT,
  rowFor,
  type Attributes,
  type Condition,
  type Parameter,
  type ParameterRow,
} from '../policy/parameter.ts';
import { RATIO_ONE, shareOf, shareOfChain, type Fen, type Ratio } from '../money/fen.ts';
import type { DateText } from '../calendar.ts';
import type { Deductible } from '../policy/policy.ts';
import type { Tally } from './accumulate.ts';

/** A stretch of a stay that settles as an admission of its own; most bills are one stretch. */
export interface Stretch {
  readonly admission: number;
  readonly expense: Fen;
}

/** What the deductible took, and what it took it by. */
export interface Deduction {
  readonly deducted: Fen;
  /** Amount to remember as the year's standard; 0 when nothing is to be remembered. */
  readonly standard: Fen;
  readonly rows: readonly ParameterRow<unknown>[];
  readonly inputs: Readonly<Record<string, number | string>>;
}

/** What a deductible needs to know beside the policy. */
export interface DeductibleContext {
  readonly on: DateText;
  readonly attributes: Attributes;
  readonly times: Ratio;
  readonly tally: Tally;
}

type Yearly = Extract<Deductible, { form: 'yearly' }>;
type PerAdmission = Extract<Deductible, { form: 'perAdmission' }>;

function waiverFor({ waived }: Deductible, attributes: Attributes): Condition | undefined {
  return waived.find((condition) => condition.holds(attributes));
}

function raised(amount: Fen, times: Ratio): Fen {
  return times === RATIO_ONE ? amount : shareOf(amount, times);
}

function deductYearly(deductible: Yearly, expense: Fen, context: DeductibleContext): Deduction {
  const { on, attributes, times, tally } = context;
  const row = rowFor(deductible.amount, on, attributes);
  const own = raised(row.value, times);
  const { once, standardAccumulator } = deductible;
  const remembered = standardAccumulator === undefined ? 0 : tally.read(standardAccumulator);
  const standard = once === 'firstCome' && remembered > 0 ? remembered : own;
  const used = tally.read(deductible.accumulator);
  return {
    deducted: Math.min(expense, Math.max(0, standard - used)),
    standard: standardAccumulator !== undefined && remembered === 0 ? own : 0,
    rows: [row],
    inputs: { expense, standard, used },
  };
}

/** The factors that apply to an admission: its own, or those of all rows passed on the way to it, each row once. */
function factorsOf(deductible: PerAdmission, admission: number, context: DeductibleContext): ParameterRow[] {
  const { factor, chained } = deductible;
  if (factor === undefined) return [];
  const rowAt = (number: number): ParameterRow =>
    rowFor(factor, context.on, { ...context.attributes, admission: number });
  if (!chained) return [rowAt(admission)];
  return [...new Set(Array.from({ length: admission }, (_, index) => rowAt(index + 1)))];
}

function standardOfAdmission(
  deductible: PerAdmission,
  admission: number,
  context: DeductibleContext,
): { standard: Fen; rows: ParameterRow[] } {
  const { on, times } = context;
  const attributes: Attributes = { ...context.attributes, admission };
  if (waiverFor(deductible, attributes) !== undefined) return { standard: 0, rows: [] };
  const flat = deductible.flat && rowFor(deductible.flat, on, attributes);
  if (flat !== undefined && flat.value !== NO_LIMIT) return { standard: raised(flat.value, times), rows: [flat] };
  const amount = rowFor(deductible.amount, on, attributes);
  const factors = factorsOf(deductible, admission, context);
  const reduced = shareOfChain(
    amount.value,
    factors.map(({ value }) => value),
  );
  const floor = admission > 1 && factors.length > 0 ? floorOf(deductible.floor, on, attributes) : undefined;
  const standard = floor === undefined ? reduced : Math.max(reduced, floor.value);
  return { standard: raised(standard, times), rows: [amount, ...factors, ...(floor === undefined ? [] : [floor])] };
}

function floorOf(floor: Parameter | undefined, on: DateText, attributes: Attributes): ParameterRow | undefined {
  return floor && rowFor(floor, on, attributes);
}

function deductPerAdmission(
  deductible: PerAdmission,
  stretches: readonly Stretch[],
  context: DeductibleContext,
): Deduction {
  const { yearlyCeiling } = deductible;
  const ceiling = yearlyCeiling && rowFor(yearlyCeiling.amount, context.on, context.attributes);
  let room = NO_LIMIT;
  if (yearlyCeiling !== undefined && ceiling !== undefined) {
    room = Math.max(0, ceiling.value - context.tally.read(yearlyCeiling.accumulator));
  }
  const inputs: Record<string, number> = {};
  const rows: ParameterRow<unknown>[] = [];
  let deducted = 0;
  for (const { admission, expense } of stretches) {
    const own = standardOfAdmission(deductible, admission, context);
    const taken = Math.min(expense, own.standard, room);
    deducted += taken;
    room -= taken;
    rows.push(...own.rows);
    inputs[`expense.${admission}`] = expense;
    inputs[`standard.${admission}`] = own.standard;
  }
  if (ceiling !== undefined) {
    rows.push(ceiling);
    inputs['roomUnderCeiling'] = room + deducted;
  }
  return { deducted, standard: 0, rows, inputs };
}

/**
 * Takes the deductible out of what enters a stage.
 *
 * @shape expense by stretches → { deducted, standard }; deducted ≤ expense
 * @units fen
 * @rounding none, but for a standard derived by a factor (half-up to the fen)
 * @source policy-facts G.3, G.4; config/policies/…#deductible
 */
export function takeDeductible(
  deductible: Deductible | undefined,
  stretches: readonly Stretch[],
  context: DeductibleContext,
): Deduction {
  if (deductible === undefined) return { deducted: 0, standard: 0, rows: [], inputs: {} };
  const waiver = waiverFor(deductible, context.attributes);
  const isWhole = deductible.form === 'yearly' || stretches.length === 1;
  if (waiver !== undefined && isWhole) return { deducted: 0, standard: 0, rows: [], inputs: { waived: waiver.text } };
  if (deductible.form === 'perAdmission') return deductPerAdmission(deductible, stretches, context);
  const expense = stretches.reduce((sum, stretch) => sum + stretch.expense, 0);
  return deductYearly(deductible, expense, context);
}
