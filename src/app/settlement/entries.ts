import { postingsOf } from '../../core/ledger/postings.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { AccountSource } from '../../core/policy/terms.ts';
import type { OutboxMessage, SettlementRow, Writes } from '../ports.ts';
import type { Provisional } from '../standin/ports.ts';

/**
 * The postings of a settlement or reversal as its transaction writes them.
 *
 * @shape row, purses, relative who pays too → postings, numbered by leg; Σ = 0
 * @units fen; negative throughout for a reversal
 */
export function postingsFor(
  row: SettlementRow,
  purses: Readonly<Record<AccountSource, Fen>>,
  familyPayer: string | undefined,
): Writes['postings'] {
  const { settlementId, homeRegion, treatmentRegion, institutionId, personId, windowId, funds } = row;
  const personal = [{ personId, amount: purses.current + purses.carried }];
  if (familyPayer !== undefined) personal.push({ personId: familyPayer, amount: purses.family });
  const postings = postingsOf({ homeRegion, treatmentRegion, institutionId, funds, personal });
  return postings.map((posting, leg) => ({ ...posting, entryId: settlementId, leg, windowId }));
}

/** The advice that the home fund gets of a settlement or reversal, in order per person. */
export function adviceOf(row: SettlementRow): OutboxMessage {
  return {
    messageId: row.settlementId,
    partnerRegion: row.homeRegion,
    topic: row.reverses === undefined ? 'settlement' : 'reversal',
    subjectId: row.settlementId,
    orderKey: row.personId,
    createdAtMs: row.settledAtMs,
  };
}

/** What is noted of a settlement that was made from the copy while the home fund could not be asked. */
export function provisionalOf(row: SettlementRow, reason: string, copiedAtMs: number): Provisional {
  const { settlementId, homeRegion, personId, settledOn, fundTotal, account, settledAtMs } = row;
  const amount = fundTotal + account;
  const open = {
    state: 'provisional',
    resolvedAtMs: undefined,
    correctedBy: undefined,
    difference: undefined,
  } as const;
  return { settlementId, homeRegion, personId, day: settledOn, amount, reason, copiedAtMs, settledAtMs, ...open };
}
