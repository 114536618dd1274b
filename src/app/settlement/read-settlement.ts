import type { Rulebook } from '../../core/policy/rulebook.ts';
import { notFound } from '../../platform/errors.ts';
import { countyOf } from '../county-of.ts';
import type { Principal, SettlementQueries, SettlementRow, StoredSettlement } from '../ports.ts';
import { decodeDocument, type SettlementDocument } from './document.ts';

/** What reading settlements needs from outside. */
export interface ReadDeps {
  readonly queries: Pick<SettlementQueries, 'byId' | 'byBill' | 'latestOfInstitution'>;
  readonly rulebook: () => Rulebook;
}

/** A settlement or reversal that was looked up; a reversal comes with the document of what it reverses. */
export interface ReadSettlement {
  readonly settlement: StoredSettlement;
  readonly document: SettlementDocument;
  readonly isReversal: boolean;
  readonly reversed: boolean;
}

/** Reads a settlement's document; the rows of its trace come from the policy that it names. */
export function documentOf({ document }: StoredSettlement, rulebook: Rulebook): SettlementDocument {
  return decodeDocument(document, rulebook);
}

/** An institution sees its own bills, a fund those of its own people and those treated in its county. */
function maySee(caller: Principal, row: SettlementRow): boolean {
  switch (caller.kind) {
    case 'institution':
      return row.institutionId === caller.id;
    case 'fund':
    case 'clerk':
      return [row.homeRegion, row.treatmentRegion].includes(countyOf(caller) ?? '');
    case 'operator':
    case 'display':
      return false;
  }
}

/**
 * Looks a settlement or reversal up by its id.
 *
 * @throws AppError NOT_FOUND when there is none, or none that the caller may see
 */
export async function readSettlement(
  { queries, rulebook }: ReadDeps,
  caller: Principal,
  settlementId: string,
): Promise<ReadSettlement> {
  const found = await queries.byId(settlementId);
  if (found === undefined || !maySee(caller, found.row)) throw notFound('settlement');
  const attempts = await queries.byBill(found.row.institutionId, found.row.billNumber);
  return readAmong(attempts, found, rulebook());
}

/** All attempts at a bill and their reversals, oldest first; empty when the institution has no such bill. */
export async function readBill(
  { queries, rulebook }: ReadDeps,
  institutionId: string,
  billNumber: string,
): Promise<ReadSettlement[]> {
  const attempts = await queries.byBill(institutionId, billNumber);
  return attempts.map((attempt) => readAmong(attempts, attempt, rulebook()));
}

function readAmong(
  attempts: readonly StoredSettlement[],
  settlement: StoredSettlement,
  rulebook: Rulebook,
): ReadSettlement {
  const { settlementId, reverses } = settlement.row;
  const isReversal = reverses !== undefined;
  const original = isReversal ? attempts.find(({ row }) => row.settlementId === reverses) : settlement;
  if (original === undefined) throw notFound('settlement');
  const reversed = attempts.some(({ row }) => row.reverses === settlementId);
  return { settlement, document: documentOf(original, rulebook), isReversal, reversed };
}

/**
 * The latest settlements and reversals of an institution, for its counter.
 *
 * @shape institution, how many → oldest first
 */
export async function readLatest(deps: ReadDeps, institutionId: string, limit: number): Promise<ReadSettlement[]> {
  const latest = await deps.queries.latestOfInstitution(institutionId, limit);
  const read = await Promise.all(
    latest.map(async (settlement) => {
      const { reverses, settlementId } = settlement.row;
      const original = reverses === undefined ? settlement : await deps.queries.byId(reverses);
      if (original === undefined) return [];
      const reversed = latest.some(({ row }) => row.reverses === settlementId);
      const document = documentOf(original, deps.rulebook());
      return [{ settlement, document, isReversal: reverses !== undefined, reversed }];
    }),
  );
  return read.flat().reverse();
}
