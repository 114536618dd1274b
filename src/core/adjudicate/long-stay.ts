import { daysBetween } from '../calendar.ts';
import type { Fen } from '../money/fen.ts';
import type { ParameterRow } from '../policy/parameter.ts';
import type { Benefit, Policy } from '../policy/policy.ts';
import type { Tally } from './accumulate.ts';
import type { Stretch } from './deductible.ts';
import type { Bill } from './facts.ts';
import type { LineVerdict } from './verdict.ts';

/** Which admission of the benefit year a stay is, from 1; 0 outside inpatient care. */
export function admissionNumber(benefit: Benefit | undefined, policy: Policy, tally: Tally): number {
  if (benefit?.kind !== 'inpatient') return 0;
  const own = benefit.deductible?.form === 'perAdmission' ? benefit.deductible.admissions : undefined;
  const counter = policy.accumulators.find(
    ({ name, measure, of }) =>
      name === own || (own === undefined && measure === 'admissions' && of.includes('inpatient')),
  );
  return 1 + (counter === undefined ? 0 : tally.read(counter.name));
}

/**
 * Cuts a stay that is longer than the policy's limit into stretches that settle as admissions of their own.
 *
 * @shape lines, what was taken before the stage (it comes off the earliest stretches) → stretches; Σ = eligible − taken
 * @units fen
 * @rounding none
 * @source policy-facts G.4
 */
export function cutStay(
  benefit: Benefit,
  bill: Bill,
  lines: readonly LineVerdict[],
  takenBefore: Fen,
  admission: number,
  limitDays: ParameterRow | undefined,
): Stretch[] {
  const { admissionDate, visitDate } = bill;
  const days = admissionDate === undefined ? 0 : daysBetween(admissionDate, visitDate);
  if (
    benefit.kind !== 'inpatient' ||
    admissionDate === undefined ||
    limitDays === undefined ||
    days <= limitDays.value
  ) {
    const eligible = lines.reduce((sum, line) => sum + line.eligible, 0);
    return [{ admission, expense: eligible - takenBefore }];
  }
  const expenses = new Array<Fen>(Math.ceil(days / limitDays.value)).fill(0);
  const billed = new Map(bill.lines.map((line) => [line.no, line]));
  for (const line of lines) {
    const own = billed.get(line.no);
    // A refund belongs where the line it refunds was billed, or a stretch could fall below nothing.
    const feeDate = (own?.refundOf === undefined ? own : billed.get(own.refundOf))?.feeDate ?? visitDate;
    const stretch = Math.floor(daysBetween(admissionDate, feeDate) / limitDays.value);
    const index = Math.min(expenses.length - 1, Math.max(0, stretch));
    expenses[index] = (expenses[index] ?? 0) + line.eligible;
  }
  let taken = takenBefore;
  return expenses.map((expense, index) => {
    const off = Math.min(expense, taken);
    taken -= off;
    return { admission: admission + index, expense: expense - off };
  });
}
