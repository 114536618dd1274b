import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import { revertChanges } from '../../core/adjudicate/accumulate.ts';
import type { AccumulatorChange, Verdict } from '../../core/adjudicate/verdict.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { FUNDS } from '../../core/policy/terms.ts';
import type { StoredSettlement } from '../ports.ts';
import { decodeDocument, type SettlementDocument } from './document.ts';

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

function sameShares(left: Verdict, right: Verdict): boolean {
  const moved = ({ accumulators }: Verdict): string =>
    JSON.stringify(
      accumulators
        .filter(({ before, after }) => before !== after)
        .map(({ bucket, name, before, after }) => [bucket, name, after - before]),
    );
  return FUNDS.every((fund) => left.funds[fund] === right.funds[fund]) && moved(left) === moved(right);
}

/**
 * Finds the later bills of a person that would come out differently had an earlier one not been, by working each out
 * again on the accumulators without it. The money that the reversal puts back into an account is not spent again in
 * hindsight: the split between account and cash of later bills stands.
 *
 * @shape original, settlements since (original included, oldest first) → dependents, oldest first
 * @source design §7, policy-facts C.3.6
 */
export function findDependents(
  original: StoredSettlement,
  document: SettlementDocument,
  history: readonly StoredSettlement[],
  rulebook: Rulebook,
): Dependent[] {
  const reversed = new Set(history.map(({ row }) => row.reverses));
  const missing: AccumulatorChange[] = [...document.verdict.accumulators];
  const dependents: Dependent[] = [];
  for (const later of history) {
    const { row } = later;
    const isLive = row.reverses === undefined && !reversed.has(row.settlementId);
    if (!isLive || row.settlementId === original.row.settlementId) continue;
    const known = decodeDocument(later.document, (policyHash) => rulebook.policyByHash(policyHash)?.rows);
    if (!touches(known, missing)) continue;
    const { bill, institution, person, accumulators, accounts } = known;
    const facts = { bill, institution, person, settledOn: row.settledOn, accounts };
    const without = adjudicate({ ...facts, accumulators: revertChanges(accumulators, missing) }, rulebook);
    const stands = without.kind === 'verdict' && sameShares(known.verdict, without);
    if (stands) continue;
    missing.push(...known.verdict.accumulators);
    if (without.kind === 'verdict') missing.push(...without.accumulators.map(inverse));
    dependents.push({
      settlementId: row.settlementId,
      institutionId: row.institutionId,
      billNumber: row.billNumber,
      visitDate: row.visitDate,
      fundTotal: row.fundTotal,
      personTotal: row.personTotal,
      wouldBe: without.kind === 'verdict' ? without : undefined,
    });
  }
  return dependents;
}

function inverse({ bucket, name, before, after }: AccumulatorChange): AccumulatorChange {
  return { bucket, name, before: after, after: before };
}

/** Whether a bill found something of what would be missing. */
function touches({ accumulators }: SettlementDocument, missing: readonly AccumulatorChange[]): boolean {
  return missing.some(({ bucket, name }) => accumulators[bucket]?.[name] !== undefined);
}
