import type { BillLine } from '../../src/core/adjudicate/facts.ts';
import type { LineReason } from '../../src/core/adjudicate/verdict.ts';
import type { CatalogueItem } from '../../src/core/policy/catalogue.ts';
import type { SpecialDisease } from '../../src/core/policy/policy.ts';
import type { BenefitKind, ItemClass } from '../../src/core/policy/terms.ts';
import { least, ratio, rounded, times, whole } from './exact.ts';
import { origin, type Ground } from './gate.ts';

export interface Split {
  readonly fullSelfPay: bigint;
  readonly overLimit: bigint;
  readonly firstSelfPay: bigint;
  readonly eligible: bigint;
}

export interface LineAmounts extends Split {
  readonly no: number;
  readonly itemClass: ItemClass;
  readonly reason: LineReason;
  readonly compliant: boolean;
  readonly benefit: BenefitKind;
  /** Day that places the line within a long stay. */
  readonly feeDate: string;
}

const NOTHING: Split = { fullSelfPay: 0n, overLimit: 0n, firstSelfPay: 0n, eligible: 0n };
const ALL_ONE = 100_000_000;

function reasonFor(item: CatalogueItem | undefined, selfPay: number, line: BillLine): LineReason {
  if (item === undefined) return 'NOT_IN_CATALOGUE';
  if (item.itemClass === 'C') return 'CLASS_C';
  if (item.restriction !== undefined && !line.restrictionMet) return 'RESTRICTED_USE';
  if (selfPay === ALL_ONE) return 'FULL_SELF_PAY_RATIO';
  return item.itemClass === 'A' ? 'CLASS_A' : 'CLASS_B';
}

/** Price is in 1e-6 yuan and quantity in 1e-4: their product has ten decimals of a yuan, eight of a fen. */
function priced(price: number, quantity: bigint): bigint {
  return rounded({ top: BigInt(price) * quantity, per: 100_000_000n });
}

function splitOf(
  amount: bigint,
  quantity: bigint,
  reason: LineReason,
  item: CatalogueItem | undefined,
  selfPay: number,
) {
  if (item === undefined || (reason !== 'CLASS_A' && reason !== 'CLASS_B')) return { ...NOTHING, fullSelfPay: amount };
  const within = item.priceLimit === undefined ? amount : least(amount, priced(item.priceLimit, quantity));
  const firstSelfPay = rounded(times(whole(within), ratio(selfPay)));
  return { fullSelfPay: 0n, overLimit: amount - within, firstSelfPay, eligible: within - firstSelfPay };
}

function belongsTo(disease: SpecialDisease, line: BillLine): boolean {
  if (disease.scope === 'any') return true;
  if (disease.certifiedItems && line.certifiedFor === disease.code) return true;
  return disease.items.some((item) =>
    item.endsWith('*') ? (line.code ?? '').startsWith(item.slice(0, -1)) : item === line.code,
  );
}

/** What is left of a line after the refunds before one of the bill's lines. */
function net(ground: Ground, line: BillLine, before: number): { amount: bigint; quantity: bigint } {
  const { lines } = ground.facts.bill;
  const position = lines.findIndex(({ no }) => no === before);
  const rest = { amount: BigInt(line.amount), quantity: BigInt(line.quantity) };
  for (const refund of lines.slice(0, position)) {
    if (refund.refundOf !== line.no) continue;
    rest.amount += BigInt(refund.amount);
    rest.quantity += BigInt(refund.quantity);
  }
  return rest;
}

/** Splits every line; a refund takes back exactly what its line loses by it. */
export function splitLines(ground: Ground): LineAmounts[] {
  const { bill, person } = ground.facts;
  return bill.lines.map((line) => {
    const source = origin(ground.facts, line.no);
    const item = ground.catalogues.get(source.no)?.items.get(source.code ?? '');
    const selfPay = item?.firstSelfPay[person.scheme] ?? ALL_ONE;
    const reason = reasonFor(item, selfPay, source);
    const related = ground.disease === undefined || belongsTo(ground.disease, source);
    const about = {
      no: line.no,
      itemClass: item?.itemClass ?? ('C' as const),
      reason,
      compliant: reason === 'CLASS_C' && item?.compliant === true,
      benefit: related ? bill.kind : ('outpatient' as const),
      feeDate: source.feeDate,
    };
    const amount = BigInt(line.amount);
    const quantity = BigInt(line.quantity);
    if (source === line) return { ...about, ...splitOf(amount, quantity, reason, item, selfPay) };
    const before = net(ground, source, line.no);
    const was = splitOf(before.amount, before.quantity, reason, item, selfPay);
    const is = splitOf(before.amount + amount, before.quantity + quantity, reason, item, selfPay);
    return {
      ...about,
      fullSelfPay: is.fullSelfPay - was.fullSelfPay,
      overLimit: is.overLimit - was.overLimit,
      firstSelfPay: is.firstSelfPay - was.firstSelfPay,
      eligible: is.eligible - was.eligible,
    };
  });
}
