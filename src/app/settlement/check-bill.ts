import type { Bill, BillLine } from '../../core/adjudicate/facts.ts';
import { isDate, type DateText } from '../../core/calendar.ts';
import { amountAgrees, FEN_MAX, type Fen } from '../../core/money/fen.ts';
import { formatFen, parseFen, parsePrice, parseQuantity } from '../../core/money/text.ts';
import type { BenefitKind } from '../../core/policy/terms.ts';
import type { FieldProblem } from '../../platform/errors.ts';

/** A line as it arrived: amounts are still text. */
export interface DraftLine {
  readonly code?: string | undefined;
  readonly hospitalCode?: string | undefined;
  readonly name: string;
  readonly quantity: string;
  readonly price: string;
  readonly amount: string;
  readonly feeDate?: DateText | undefined;
  readonly certifiedFor?: string | undefined;
  readonly restrictionMet?: boolean | undefined;
  readonly refundOf?: number | undefined;
}

/** A bill as it arrived, of the right shape, not yet checked for sense. */
export interface DraftBill {
  readonly institutionId: string;
  readonly billNumber: string;
  readonly requestKey?: string | undefined;
  readonly personId: string;
  readonly familyPayer?: string | undefined;
  readonly kind: BenefitKind;
  readonly visitDate: DateText;
  readonly admissionDate?: DateText | undefined;
  readonly emergency?: boolean | undefined;
  readonly disease?: string | undefined;
  readonly total: string;
  readonly lines: readonly DraftLine[];
}

/** Quantity × price may differ from the stated amount by this much (policy-facts C.3.2). */
const AMOUNT_TOLERANCE_FEN = 1;

class Problems {
  readonly found: FieldProblem[] = [];

  add(field: string, problem: string): void {
    this.found.push({ field, problem });
  }

  number(field: string, text: string, parse: (text: string) => number | undefined, shape: string): number {
    const value = parse(text);
    if (value === undefined) this.add(field, `is not ${shape}`);
    return value ?? 0;
  }

  amount(field: string, text: string): Fen {
    const value = this.number(field, text, parseFen, 'an amount of at most 2 places');
    if (Math.abs(value) > FEN_MAX) this.add(field, `is more than ${formatFen(FEN_MAX)}`);
    return value;
  }

  date(field: string, date: DateText | undefined, today: DateText): void {
    if (date === undefined) return;
    if (!isDate(date)) this.add(field, 'is not a day that exists');
    else if (date > today) this.add(field, 'lies in the future');
  }
}

function checkRefund(lines: readonly BillLine[], problems: Problems): void {
  const left = new Map<number, { quantity: number; amount: number; code: string | undefined }>();
  for (const line of lines) {
    const at = `lines[${line.no - 1}]`;
    if (line.refundOf === undefined) {
      if (line.quantity < 0) problems.add(`${at}.quantity`, 'is negative, but the line names no line that it refunds');
      if (line.amount < 0) problems.add(`${at}.amount`, 'is negative, but the line names no line that it refunds');
      left.set(line.no, { quantity: line.quantity, amount: line.amount, code: line.code });
      continue;
    }
    const original = left.get(line.refundOf);
    if (original === undefined) {
      problems.add(`${at}.refundOf`, 'names no earlier line of this bill that is itself not a refund');
      continue;
    }
    if (line.quantity > 0) problems.add(`${at}.quantity`, 'of a refund must not be positive');
    if (line.amount > 0) problems.add(`${at}.amount`, 'of a refund must not be positive');
    if (line.code !== original.code) problems.add(`${at}.code`, 'differs from the line that it refunds');
    original.quantity += line.quantity;
    original.amount += line.amount;
    if (original.quantity < 0) problems.add(`${at}.quantity`, 'refunds more than was billed');
    if (original.amount < 0) problems.add(`${at}.amount`, 'refunds more than was billed');
  }
}

function checkLine(
  draft: DraftLine,
  index: number,
  bill: DraftBill,
  mapping: ReadonlyMap<string, string>,
  today: DateText,
  problems: Problems,
): BillLine {
  const at = `lines[${index}]`;
  const before = problems.found.length;
  const quantity = problems.number(`${at}.quantity`, draft.quantity, parseQuantity, 'a quantity of at most 4 places');
  const price = problems.number(`${at}.price`, draft.price, parsePrice, 'a price of at most 6 places');
  const amount = problems.amount(`${at}.amount`, draft.amount);
  if (price < 0) problems.add(`${at}.price`, 'is negative');
  if (problems.found.length === before && !amountAgrees(quantity, price, amount, AMOUNT_TOLERANCE_FEN)) {
    problems.add(`${at}.amount`, 'differs from quantity × price by more than 0.01');
  }
  problems.date(`${at}.feeDate`, draft.feeDate, today);
  const feeDate = draft.feeDate ?? bill.visitDate;
  if (feeDate > bill.visitDate) problems.add(`${at}.feeDate`, 'lies after visitDate');
  if (bill.admissionDate !== undefined && feeDate < bill.admissionDate) {
    problems.add(`${at}.feeDate`, 'lies before admissionDate');
  }
  const mapped = draft.hospitalCode === undefined ? undefined : mapping.get(draft.hospitalCode);
  return {
    no: index + 1,
    code: draft.code ?? mapped,
    name: draft.name,
    quantity,
    price,
    amount,
    feeDate,
    certifiedFor: draft.certifiedFor,
    restrictionMet: draft.restrictionMet ?? false,
    refundOf: draft.refundOf,
  };
}

/**
 * Checks a bill for sense and turns its texts into integers.
 *
 * @shape draft, hospital code → national code, today → bill and every problem found (the bill counts only when there is none)
 * @units yuan as text → fen
 * @rejects a sum that is not the lines', an amount more than a cent off quantity × price, negative prices, refunds of
 *   nothing, days that do not exist or lie in the future
 */
export function checkBill(
  draft: DraftBill,
  mapping: ReadonlyMap<string, string>,
  today: DateText,
): { readonly bill: Bill; readonly problems: readonly FieldProblem[] } {
  const problems = new Problems();
  problems.date('visitDate', draft.visitDate, today);
  problems.date('admissionDate', draft.admissionDate, today);
  if (draft.admissionDate !== undefined && draft.admissionDate > draft.visitDate) {
    problems.add('admissionDate', 'lies after visitDate, the day of discharge');
  }
  if (draft.kind === 'inpatient' && draft.admissionDate === undefined) {
    problems.add('admissionDate', 'is needed for an inpatient bill');
  }
  if (draft.kind === 'specialDisease' && draft.disease === undefined) {
    problems.add('disease', 'is needed for a special-disease bill');
  }
  const total = problems.amount('total', draft.total);
  const lines = draft.lines.map((line, index) => checkLine(line, index, draft, mapping, today, problems));
  checkRefund(lines, problems);
  const sum = lines.reduce((amount, line) => amount + line.amount, 0);
  if (problems.found.length === 0 && sum !== total) problems.add('total', 'is not the sum of the lines');
  const bill: Bill = {
    kind: draft.kind,
    visitDate: draft.visitDate,
    admissionDate: draft.admissionDate,
    emergency: draft.emergency ?? false,
    disease: draft.disease,
    total,
    lines,
  };
  return { bill, problems: problems.found };
}
