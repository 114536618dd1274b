import { hash } from 'node:crypto';
import type { Bill } from '../../core/adjudicate/facts.ts';
import type { DateText } from '../../core/calendar.ts';
import type { FieldProblem } from '../../platform/errors.ts';
import type { Institution } from '../ports.ts';
import { checkBill, type DraftBill } from './check-bill.ts';
import type { BillCommand } from './judge-bill.ts';

/** A bill ready to be quoted or settled; it counts only when no problem was found. */
export interface ReceivedBill {
  readonly command: BillCommand;
  readonly problems: readonly FieldProblem[];
}

/**
 * Hash of what a bill says. The order of its keys and the way its numbers are written do not matter; the request key is not
 * part of it, because it tells attempts at the same content apart.
 *
 * @shape draft, checked bill → SHA-256, 64 hex digits
 */
function contentHashOf(draft: DraftBill, bill: Bill): string {
  const { institutionId, billNumber, personId, familyPayer = null } = draft;
  const { kind, visitDate, admissionDate = null, emergency, disease = null, total } = bill;
  const lines = bill.lines.map((line, index) => [
    // As it was sent: what the institution's mapping makes of it may change between two attempts.
    draft.lines[index]?.code ?? null,
    draft.lines[index]?.hospitalCode ?? null,
    line.name,
    line.quantity,
    line.price,
    line.amount,
    line.feeDate,
    line.certifiedFor ?? null,
    line.restrictionMet,
    line.refundOf ?? null,
  ]);
  const head = [institutionId, billNumber, personId, familyPayer, kind, visitDate, admissionDate, emergency, disease];
  return hash('sha256', JSON.stringify([...head, total, lines]));
}

/**
 * Takes a bill of the right shape in: checks its sense, reads its amounts, maps its codes, hashes its content.
 *
 * @shape draft, institution that posted it, today → command and every problem found
 * @units yuan as text → fen
 * @rejects what {@link checkBill} rejects
 */
export function receiveBill(draft: DraftBill, institution: Institution, today: DateText): ReceivedBill {
  const { bill, problems } = checkBill(draft, institution.mapping, today);
  const { id, region, level, groups } = institution;
  const command: BillCommand = {
    institution: { id, region, level, groups },
    billNumber: draft.billNumber,
    requestKey: draft.requestKey ?? '',
    contentHash: problems.length > 0 ? '' : contentHashOf(draft, bill),
    personId: draft.personId,
    familyPayer: draft.familyPayer,
    bill,
  };
  return { command, problems };
}
