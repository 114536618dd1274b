import { checkBill, type DraftBill, type DraftLine } from '../../app/settlement/check-bill.ts';
import type { DateText } from '../../core/calendar.ts';
import type { FieldProblem } from '../../platform/errors.ts';

type Sent = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Sent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A line that no check has anything against. */
const BLANK: DraftLine = { name: '', quantity: '0', price: '0', amount: '0.00' };

/** The paths that are wrong already. */
class Wrong {
  readonly #fields: ReadonlySet<string>;
  /** With all that holds a wrong field: `lines[3].price` makes `lines[3]` and `lines` wrong within. */
  readonly #within: ReadonlySet<string>;

  constructor(problems: readonly FieldProblem[]) {
    const fields = problems.map(({ field }) => field);
    this.#fields = new Set(fields);
    const holders = fields.flatMap((field) =>
      Array.from(field.matchAll(/[.[]/g), ({ index }) => field.slice(0, index)),
    );
    this.#within = new Set([...fields, ...holders]);
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  within(field: string): boolean {
    return this.#within.has(field);
  }
}

/** A line with what is wrong in it made harmless, so that the rest of it can be checked. */
function mendLine(line: unknown, index: number, wrong: Wrong): DraftLine {
  const at = `lines[${index}]`;
  if (!isObject(line)) return BLANK;
  if (!wrong.within(at)) {
    const refunded = typeof line['refundOf'] === 'number' ? line['refundOf'] - 1 : undefined;
    const stands = refunded === undefined || !wrong.within(`lines[${refunded}]`);
    return stands ? (line as unknown as DraftLine) : { ...BLANK, feeDate: line['feeDate'] as string | undefined };
  }
  const amounts = ['quantity', 'price', 'amount', 'refundOf'];
  const countable = line['refundOf'] === undefined && !amounts.some((key) => wrong.has(`${at}.${key}`));
  return {
    ...(countable ? (line as unknown as DraftLine) : BLANK),
    feeDate: wrong.has(`${at}.feeDate`) ? undefined : (line['feeDate'] as string | undefined),
  };
}

/**
 * What else is wrong with a bill that has not the right shape: every bad field is named at once, also those that only the
 * check of its sense can see.
 *
 * @shape body, problems of its shape → the same and those of its sense
 */
export function billProblems(
  body: unknown,
  ofShape: readonly FieldProblem[],
  mapping: ReadonlyMap<string, string>,
  today: DateText,
): FieldProblem[] {
  if (!isObject(body)) return [...ofShape];
  const wrong = new Wrong(ofShape);
  const sound = <T>(field: keyof DraftBill, otherwise: T): T => (wrong.has(field) ? otherwise : (body[field] as T));
  // More lines than a bill may have are wrong as a whole.
  const lines = Array.isArray(body['lines']) && !wrong.has('lines') ? (body['lines'] as unknown[]) : [];
  const draft: DraftBill = {
    institutionId: '',
    billNumber: '',
    personId: '',
    kind: sound<DraftBill['kind']>('kind', 'outpatient'),
    visitDate: sound('visitDate', today),
    admissionDate: sound<string | undefined>('admissionDate', undefined),
    disease: sound<string | undefined>('disease', undefined),
    total: sound('total', '0.00'),
    lines: lines.map((line, index) => mendLine(line, index, wrong)),
  };
  const ofSense = checkBill(draft, mapping, today).problems;
  const sumIsUnknown = wrong.within('lines');
  return [...ofShape, ...ofSense.filter(({ field }) => !wrong.has(field) && !(field === 'total' && sumIsUnknown))];
}
