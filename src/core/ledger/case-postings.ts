import type { Fen } from '../money/fen.ts';
import { FUNDS, type Fund } from '../policy/terms.ts';
import { invariant } from '../invariant.ts';
import type { Posting } from './postings.ts';

/** What a home fund grants one of its people by hand. */
export interface CaseGrant {
  readonly homeRegion: string;
  readonly personId: string;
  readonly funds: Readonly<Record<Fund, Fen>>;
}

/** The sum of a grant. */
export function grantTotal(funds: CaseGrant['funds']): Fen {
  return FUNDS.reduce((sum, fund) => sum + funds[fund], 0);
}

/**
 * A decision to grant: each fund bears its part, and the home fund owes the sum to the person.
 *
 * @shape grant → postings in the home book whose sum is 0
 * @units fen
 */
export function grantPostings({ homeRegion: book, personId: party, funds }: CaseGrant): Posting[] {
  const borne = FUNDS.filter((fund) => funds[fund] !== 0).map((fund): Posting => ({
    book,
    account: `expense.${fund}`,
    party,
    amount: funds[fund],
  }));
  const total = grantTotal(funds);
  invariant(total > 0, 'a grant that is entered is of something');
  return [...borne, { book, account: 'personPayable', party, amount: -total }];
}

/**
 * The payment of what was granted: the debt goes, and so does the money.
 *
 * @shape grant → two postings in the home book whose sum is 0
 * @units fen
 */
export function grantPaymentPostings({ homeRegion: book, personId: party, funds }: CaseGrant): Posting[] {
  const total = grantTotal(funds);
  return [
    { book, account: 'personPayable', party, amount: total },
    { book, account: 'bank', party, amount: -total },
  ];
}
