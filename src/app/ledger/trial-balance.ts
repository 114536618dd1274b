import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { LedgerQueries } from './ports.ts';

/** A book's two sides: what lies on its accounts with a debit balance, and on those with a credit balance. */
export interface BookBalance {
  readonly book: string;
  readonly debit: Fen;
  /** ≤ 0 */
  readonly credit: Fen;
}

/** All accounts at an instant; in each book, and so in all, debit + credit = 0 or the ledger is broken. */
export interface TrialBalance {
  readonly accounts: readonly AccountSum[];
  readonly books: readonly BookBalance[];
}

/**
 * Every account at an instant, and whether the books come to 0.
 *
 * @shape instant and book (all when not named) → accounts that moved, books
 * @units fen; debit positive
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 * @source design §9
 */
export async function takeTrialBalance(
  ledger: Pick<LedgerQueries, 'balances'>,
  atMs: number | undefined,
  book: string | undefined,
): Promise<TrialBalance> {
  const accounts = await ledger.balances(atMs, book);
  const books = new Map<string, { debit: Fen; credit: Fen }>();
  for (const sum of accounts) {
    const sides = books.get(sum.book) ?? { debit: 0, credit: 0 };
    books.set(sum.book, sides);
    if (sum.amount > 0) sides.debit += sum.amount;
    else sides.credit += sum.amount;
  }
  return { accounts, books: Array.from(books, ([name, sides]) => ({ book: name, ...sides })) };
}
