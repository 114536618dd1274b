import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import { applyChanges, revertChanges } from '../../core/adjudicate/accumulate.ts';
import type { Accumulators } from '../../core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../core/adjudicate/verdict.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { FUNDS } from '../../core/policy/terms.ts';
import type { SettlementRow, StoredSettlement } from '../ports.ts';
import { decodeDocument, type SettlementDocument } from './document.ts';
import { rulesAsSettled } from './rules-as-settled.ts';

/** A later bill that used what a reversal would take away, and what it would become. */
export interface Dependent {
  readonly settlementId: string;
  readonly institutionId: string;
  readonly billNumber: string;
  readonly visitDate: string;
  readonly fundTotal: Fen;
  readonly personTotal: Fen;
  /** Undefined when the bill would be rejected. */
  readonly wouldBe: { readonly fundTotal: Fen; readonly personTotal: Fen } | undefined;
}

/** Whether two outcomes are alike for funds and accumulators; who pays the rest from which purse is left out. */
export function sameShares(left: Verdict | Rejection, right: Verdict | Rejection): boolean {
  if (left.kind === 'rejection' || right.kind === 'rejection') return left.kind === right.kind;
  const moved = ({ accumulators }: Verdict): string =>
    JSON.stringify(
      accumulators
        .filter(({ before, after }) => before !== after)
        .map(({ bucket, name, before, after }) => [bucket, name, after - before]),
    );
  return FUNDS.every((fund) => left.funds[fund] === right.funds[fund]) && moved(left) === moved(right);
}

/**
 * Finds the later bills of a person that would come out differently had an earlier one not been. Each live later bill is
 * worked out twice, on what it would find with the original and without it, under the rules it was settled by; what was
 * reversed since is in neither. The money that the reversal puts back into an account is not spent again in hindsight: the split between
 * account and cash of later bills stands.
 *
 * @shape original, settlements since (original included, oldest first), accumulators as they stand → dependents, oldest first
 * @source design §7, policy-facts C.3.6
 */
export function findDependents(
  original: StoredSettlement,
  document: SettlementDocument,
  history: readonly StoredSettlement[],
  now: Accumulators,
  rulebook: Rulebook,
): Dependent[] {
  const later = liveAfter(original, history).map((settlement) => ({
    row: settlement.row,
    document: decodeDocument(settlement.document, rulebook),
  }));
  let kept = now;
  for (const bill of later) kept = revertChanges(kept, bill.document.verdict.accumulators);
  let without = revertChanges(kept, document.verdict.accumulators);
  const dependents: Dependent[] = [];
  for (const { row, document: known } of later) {
    const { bill, institution, person, accounts, verdict } = known;
    const facts = { bill, institution, person, settledOn: row.settledOn, accounts };
    const rules = rulesAsSettled(verdict, rulebook);
    const withOriginal = adjudicate({ ...facts, accumulators: kept }, rules);
    const withoutOriginal = adjudicate({ ...facts, accumulators: without }, rules);
    kept = applyChanges(kept, verdict.accumulators);
    if (sameShares(withOriginal, withoutOriginal)) {
      without = applyChanges(without, verdict.accumulators);
      continue;
    }
    const wouldBe = withoutOriginal.kind === 'verdict' ? withoutOriginal : undefined;
    without = applyChanges(without, wouldBe?.accumulators ?? []);
    const { settlementId, institutionId, billNumber, visitDate, fundTotal, personTotal } = row;
    dependents.push({ settlementId, institutionId, billNumber, visitDate, fundTotal, personTotal, wouldBe });
  }
  return dependents;
}

/** How the request key of a settlement begins that corrects another one. */
export const CORRECTION_KEY = 'correction-';

/** Where a settlement stands in the order of a person's bills: one that corrects another stands where that one stood. */
export function placeOf({ requestKey, settlementId }: SettlementRow): string {
  return requestKey.startsWith(CORRECTION_KEY) ? requestKey.slice(CORRECTION_KEY.length) : settlementId;
}

/**
 * The live settlements of a history that come after one of it, in their order.
 *
 * @shape original, settlements since (original included) → later ones, oldest first
 */
export function liveAfter(original: StoredSettlement, history: readonly StoredSettlement[]): StoredSettlement[] {
  const reversed = new Set(history.map(({ row }) => row.reverses));
  const own = placeOf(original.row);
  return history
    .filter(({ row }) => row.reverses === undefined && !reversed.has(row.settlementId) && placeOf(row) > own)
    .sort((left, right) => (placeOf(left.row) < placeOf(right.row) ? -1 : 1));
}
