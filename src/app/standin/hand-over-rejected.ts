import { formatFen } from '../../core/money/text.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { SettlementQueries, SettlementRow } from '../ports.ts';
import type { ReversalDocument } from '../settlement/document.ts';
import type { CaseOpener, CaseToOpen, ProvisionalStore } from './ports.ts';

/** What handing over needs from outside. */
export interface RejectedDeps {
  readonly provisionals: Pick<ProvisionalStore, 'rejectedWithoutCase'>;
  readonly queries: Pick<SettlementQueries, 'byId' | 'byBill'>;
  readonly opener: CaseOpener;
}

const AT_ONCE = 100;

/** A case about a provisional settlement. What the funds paid is paid; whether it stays so is what the case is about. */
export function caseOf(reason: CaseToOpen['reason'], row: SettlementRow, detail: string): CaseToOpen {
  const { settlementId, homeRegion, treatmentRegion, institutionId, personId, billNumber } = row;
  const about = { homeRegion, treatmentRegion, institutionId, personId, settlementId, billNumber };
  return { reason, subjectId: settlementId, ...about, claimed: 0, detail };
}

/**
 * The case of a provisional settlement that was taken back because the bill is rejected by what the fund knows.
 *
 * @units fen; `difference` is what the patient owes now
 */
export function rejectedCase(row: SettlementRow, rejection: string, difference: Fen): CaseToOpen {
  const detail = `${rejection}; the patient owes ${formatFen(difference)}`;
  return { ...caseOf('correctionRejected', row, detail), claimed: row.fundTotal };
}

/**
 * Opens a case for every settlement that was taken back by a correction and has none: the process died after the correction
 * was written and before its case was. What is handed over in another way needs no such looking for: its case comes first.
 *
 * @shape how many were found
 * @throws what the stores and opening a case throw
 * @source design §8
 */
export async function handOverRejected({ provisionals, queries, opener }: RejectedDeps): Promise<number> {
  let [opened, after] = [0, ''];
  for (;;) {
    const found = await provisionals.rejectedWithoutCase(after, AT_ONCE);
    for (const { settlementId, difference = 0 } of found) {
      after = settlementId;
      const original = await queries.byId(settlementId);
      if (original === undefined) continue;
      const { institutionId, billNumber } = original.row;
      const bill = await queries.byBill(institutionId, billNumber);
      const reversal = bill.find(({ row }) => row.reverses === settlementId);
      const { rejection = 'rejected by what the home fund says' } = JSON.parse(
        reversal?.document ?? '{}',
      ) as Partial<ReversalDocument>;
      await opener.open(rejectedCase(original.row, rejection, difference));
      opened += 1;
    }
    if (found.length < AT_ONCE) return opened;
  }
}
