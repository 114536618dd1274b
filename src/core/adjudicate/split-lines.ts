import { amountOf, RATIO_ONE, shareOf, type Fen, type Ratio } from '../money/fen.ts';
import { invariant } from '../invariant.ts';
import type { Catalogue, CatalogueItem } from '../policy/catalogue.ts';
import type { Rulebook } from '../policy/rulebook.ts';
import type { BenefitKind, Scheme } from '../policy/terms.ts';
import type { Bill, BillLine } from './facts.ts';
import { reject } from './eligibility.ts';
import type { LineReason, LineVerdict, Rejection } from './verdict.ts';

interface Split {
  readonly fullSelfPay: Fen;
  readonly overLimit: Fen;
  readonly firstSelfPay: Fen;
  readonly eligible: Fen;
}

/** How one line is to be split: its item, why, and what part of it the person pays first; all of it at a ratio of 1. */
interface Rule {
  readonly item: CatalogueItem | undefined;
  readonly reason: LineReason;
  readonly ratio: Ratio;
}

function ruleFor(item: CatalogueItem | undefined, line: BillLine, scheme: Scheme): Rule {
  if (item === undefined) return { item, reason: 'NOT_IN_CATALOGUE', ratio: RATIO_ONE };
  if (item.itemClass === 'C') return { item, reason: 'CLASS_C', ratio: RATIO_ONE };
  if (item.restriction !== undefined && !line.restrictionMet)
    return { item, reason: 'RESTRICTED_USE', ratio: RATIO_ONE };
  const ratio = item.firstSelfPay[scheme];
  // A ratio of 1 is full self-expense, not first self-pay (policy-facts C.1).
  if (ratio === RATIO_ONE) return { item, reason: 'FULL_SELF_PAY_RATIO', ratio };
  return { item, reason: item.itemClass === 'A' ? 'CLASS_A' : 'CLASS_B', ratio };
}

function splitAmount({ item, ratio }: Rule, quantity: number, amount: Fen): Split {
  if (ratio === RATIO_ONE) return { fullSelfPay: amount, overLimit: 0, firstSelfPay: 0, eligible: 0 };
  const within = item?.priceLimit === undefined ? amount : Math.min(amount, amountOf(quantity, item.priceLimit));
  const firstSelfPay = shareOf(within, ratio);
  return { fullSelfPay: 0, overLimit: amount - within, firstSelfPay, eligible: within - firstSelfPay };
}

function minus(left: Split, right: Split): Split {
  return {
    fullSelfPay: left.fullSelfPay - right.fullSelfPay,
    overLimit: left.overLimit - right.overLimit,
    firstSelfPay: left.firstSelfPay - right.firstSelfPay,
    eligible: left.eligible - right.eligible,
  };
}

function verdictOf(rule: Rule, line: BillLine, split: Split, benefit: BenefitKind): LineVerdict {
  const { item, reason, ratio } = rule;
  invariant(
    split.fullSelfPay + split.overLimit + split.firstSelfPay + split.eligible === line.amount,
    'a line is the sum of its split',
  );
  return {
    no: line.no,
    itemClass: item?.itemClass ?? 'C',
    reason,
    firstSelfPayRatio: ratio,
    overPriceLimit: split.overLimit !== 0,
    compliant: reason === 'CLASS_C' && item?.compliant === true,
    fullSelfPay: split.fullSelfPay,
    overLimit: split.overLimit,
    firstSelfPay: split.firstSelfPay,
    eligible: split.eligible,
    benefit,
  };
}

/** What is left of a line after the refunds seen so far. */
interface Net {
  readonly rule: Rule;
  readonly benefit: BenefitKind;
  quantity: number;
  amount: Fen;
}

/** The lines' splits and the catalogues they rest on. */
export interface SplitBill {
  readonly lines: readonly LineVerdict[];
  readonly catalogueHashes: readonly string[];
}

/**
 * Splits every line: full self-pay → over limit → first self-pay → eligible.
 *
 * A refund line undoes the original's own split: what the original came to before the refund less what it comes to after,
 * so that partial refunds of a rounded line add up to the line.
 *
 * @shape bill, catalogue region, scheme → one verdict a line | NO_CATALOGUE
 * @units fen
 * @rounding half-up to the fen at each line's first self-pay (and quantity × price limit); the rest by subtraction
 * @source policy-facts C.1, C.2, C.3.4
 */
export function splitLines(
  bill: Bill,
  region: string,
  scheme: Scheme,
  rulebook: Rulebook,
  benefitOf: (line: BillLine) => BenefitKind,
): SplitBill | Rejection {
  const hashes = new Set<string>();
  // Kept only for bills that refund something, which are few.
  const nets = bill.lines.some(({ refundOf }) => refundOf !== undefined) ? new Map<number, Net>() : undefined;
  const lines: LineVerdict[] = [];
  let catalogue: Catalogue | undefined;
  for (const line of bill.lines) {
    if (line.refundOf !== undefined) {
      const original = nets?.get(line.refundOf);
      invariant(original !== undefined, 'a refund names an earlier line');
      const before = splitAmount(original.rule, original.quantity, original.amount);
      original.quantity += line.quantity;
      original.amount += line.amount;
      const after = splitAmount(original.rule, original.quantity, original.amount);
      lines.push(verdictOf(original.rule, line, minus(after, before), original.benefit));
      continue;
    }
    if (catalogue === undefined || line.feeDate < catalogue.from || line.feeDate > (catalogue.to ?? line.feeDate)) {
      catalogue = rulebook.catalogueOn(region, line.feeDate);
      if (catalogue === undefined) return reject('NO_CATALOGUE', `no catalogue of ${region} on ${line.feeDate}`);
      hashes.add(catalogue.hash);
    }
    const item = line.code === undefined ? undefined : catalogue.items.get(line.code);
    const rule = ruleFor(item, line, scheme);
    const benefit = benefitOf(line);
    nets?.set(line.no, { rule, benefit, quantity: line.quantity, amount: line.amount });
    lines.push(verdictOf(rule, line, splitAmount(rule, line.quantity, line.amount), benefit));
  }
  return { lines, catalogueHashes: [...hashes] };
}
