import { countyOf } from '../../app/county-of.ts';
import type { AccountEntry } from '../../app/ledger/ports.ts';
import { takeTrialBalance } from '../../app/ledger/trial-balance.ts';
import type { Principal } from '../../app/ports.ts';
import { formatFen } from '../../core/money/text.ts';
import { notFound } from '../../platform/errors.ts';
import { optionalInstant, shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type { AccountEntries, AccountQuery, TrialBalance, TrialBalanceQuery } from '../schemas/ledger.ts';

/**
 * The book that a caller may look into: their own, or for an operator any.
 *
 * @throws AppError NOT_FOUND for somebody else's
 */
function bookFor(caller: Principal, asked: string | undefined): string | undefined {
  if (caller.kind === 'operator') return asked;
  const own = countyOf(caller);
  if (own === undefined || (asked !== undefined && asked !== own)) throw notFound('book');
  return own;
}

/** GET /v1/ledger/trial-balance: every account at an instant, and that the books come to 0. */
export async function getTrialBalance(
  { ledger }: HttpDeps,
  { caller, query }: Call<unknown, TrialBalanceQuery>,
): Promise<Reply<TrialBalance>> {
  const { accounts, books } = await takeTrialBalance(ledger, query.at, bookFor(caller, query.book));
  return {
    status: 200,
    body: {
      at: optionalInstant(query.at),
      accounts: accounts.map(({ amount, ...account }) => ({ ...account, balance: formatFen(amount) })),
      books: books.map(({ book, debit, credit }) => {
        return { book, debit: formatFen(debit), credit: formatFen(credit), balance: formatFen(debit + credit) };
      }),
      balance: formatFen(accounts.reduce((sum, { amount }) => sum + amount, 0)),
    },
  };
}

/** Who entered something is for the county of that person, and not for whoever sees the book. */
function presentEntry({ atMs, amount, enteredBy: _clerk, ...entry }: AccountEntry): AccountEntries['entries'][number] {
  return { ...entry, at: shanghaiInstant(atMs), amount: formatFen(amount) };
}

const ENTRIES_PER_PAGE = 200;
const COUNTY_CODE = /^\d{6}$/;

/** GET /v1/ledger/accounts/:book/:account: what an account came to, and the entries that moved it. */
export async function getAccountEntries(
  { ledger }: HttpDeps,
  { caller, params, query }: Call<unknown, AccountQuery>,
): Promise<Reply<AccountEntries>> {
  const { book = '', account = '' } = params;
  if (!COUNTY_CODE.test(book)) throw notFound('book');
  bookFor(caller, book);
  const { party, at, after, limit = ENTRIES_PER_PAGE } = query;
  const key = { book, account, party };
  const [balance, page] = [await ledger.balance(key, at), await ledger.entries(key, at, after, limit)];
  return {
    status: 200,
    body: {
      book,
      account,
      party,
      at: optionalInstant(at),
      balance: formatFen(balance),
      entries: page.entries.map(presentEntry),
      nextAfter: page.next,
    },
  };
}
