import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { Fen } from '../../core/money/fen.ts';

/** An account of a book; all of its parties when none is named. */
export interface AccountKey {
  readonly book: string;
  readonly account: string;
  readonly party?: string | undefined;
}

/** One leg that moved an account, and the entry that it belongs to. */
export interface AccountEntry {
  readonly entryId: string;
  readonly leg: number;
  readonly windowId: number;
  readonly atMs: number;
  readonly party: string;
  readonly amount: Fen;
  /** `settlement`, `reversal`, or the kind of a journal entry. */
  readonly kind: string;
  /** The settlement that is reversed, or what a journal entry is about. */
  readonly subjectId: string | undefined;
  readonly institutionId: string | undefined;
  readonly billNumber: string | undefined;
  readonly reason: string | undefined;
  /** Of a journal entry; see JournalEntry. */
  readonly enteredBy: string | undefined;
}

/** Where a page of entries ends; text to hand back, of no meaning elsewhere. */
export type EntryCursor = string;

/** The ledger as auditors look at it. Instants are those of entries; without one, everything counts. */
export interface LedgerQueries {
  /** Every account with what it came to; the accounts of persons are one a book, whose party is empty. */
  balances(atMs: number | undefined, book: string | undefined): Promise<readonly AccountSum[]>;
  /** What one account came to. */
  balance(account: AccountKey, atMs: number | undefined): Promise<Fen>;
  /** In the order of windows, then of entries. */
  entries(
    account: AccountKey,
    atMs: number | undefined,
    after: EntryCursor | undefined,
    limit: number,
  ): Promise<{ readonly entries: readonly AccountEntry[]; readonly next: EntryCursor | undefined }>;
}
