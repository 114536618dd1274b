import type { Knex } from 'knex';
import { assertBalanced, type JournalEntry } from '../../core/ledger/journal.ts';
import { invariant } from '../../core/invariant.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';

/**
 * The window that takes entries now, held open until the transaction ends: closing it waits.
 *
 * @throws InvariantViolation before the first window was opened
 */
export async function holdOpenWindow(transaction: Knex.Transaction): Promise<number> {
  const [row] = await transaction<Row>('open_window').where('id', 1).forShare().select('window_id');
  invariant(row !== undefined, 'a window is open before anything is entered');
  return exactInteger(row.window_id);
}

/**
 * Holds settlements, which never change, so that two who would move money of the same one come after each other. To be asked
 * before anything is read without a lock.
 */
export async function lockSettlements(transaction: Knex.Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const own = transaction<Row>('settlement').whereIn('settlement_id', [...ids]);
  await own.orderBy('settlement_id').forUpdate().select('settlement_id');
}

/**
 * Enters postings in the ledger inside the transaction that they belong to, in the window that is open then.
 *
 * @throws InvariantViolation when the postings do not come to 0 in each book
 */
export async function enter(transaction: Knex.Transaction, entry: JournalEntry): Promise<void> {
  assertBalanced(entry);
  const windowId = await holdOpenWindow(transaction);
  const { entryId, kind, subjectId, enteredAtMs, enteredBy, reason, postings } = entry;
  await transaction('journal_entry').insert({
    entry_id: entryId,
    kind,
    subject_id: subjectId,
    window_id: windowId,
    entered_at_ms: enteredAtMs,
    entered_by: enteredBy,
    reason,
  });
  await transaction('posting').insert(
    postings.map(({ book, account, party, amount }, leg) => ({
      entry_id: entryId,
      leg,
      window_id: windowId,
      book,
      account,
      party,
      amount_fen: amount,
    })),
  );
}
