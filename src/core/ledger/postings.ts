import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';
import { FUNDS, type Fund } from '../policy/terms.ts';

/**
 * Kinds of ledger accounts.
 *
 * - `expense.<fund>`: a home fund's benefit expense · `personal`: personal accounts that a home fund keeps
 * - `dueTo`: what a home fund owes the treatment county · `dueFrom`: what the treatment county is owed
 * - `payable`: what the treatment county owes its institution · `bank`: money that went from county to county
 * - `prefundPaid`: what a home fund left with a treatment county in advance · `prefundHeld`: the same there
 */
export type LedgerAccount =
  `expense.${Fund}` | 'personal' | 'dueTo' | 'dueFrom' | 'payable' | 'bank' | 'prefundPaid' | 'prefundHeld';

/** One leg of a double entry: debit positive, credit negative. */
export interface Posting {
  /** Region whose books it is in. */
  readonly book: string;
  readonly account: LedgerAccount;
  /** The other side: a region, an institution or a person. */
  readonly party: string;
  readonly amount: Fen;
}

/** What a settlement moves between funds. Negative throughout for a reversal. */
export interface Movement {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly funds: Readonly<Record<Fund, Fen>>;
  /** Personal accounts that paid: the patient's, and that of a relative who shares theirs. */
  readonly personal: readonly { readonly personId: string; readonly amount: Fen }[];
}

/**
 * The double entry of a settlement: the home fund bears each layer and draws the personal account, and owes both to the
 * treatment county, which owes them to the institution. At home both are one county, and nothing is due between counties.
 * Cash goes from hand to hand and is in nobody's ledger.
 *
 * @shape movement → postings whose sum is 0; none when no fund and no account pays
 * @units fen
 * @source design §9
 */
export function postingsOf(movement: Movement): Posting[] {
  const { homeRegion: home, treatmentRegion: treatment, institutionId, funds, personal } = movement;
  const postings: Posting[] = [];
  let owed = 0;
  for (const fund of FUNDS) {
    const amount = funds[fund];
    if (amount === 0) continue;
    owed += amount;
    postings.push({ book: home, account: `expense.${fund}`, party: treatment, amount });
  }
  for (const { personId, amount } of personal) {
    if (amount === 0) continue;
    owed += amount;
    postings.push({ book: home, account: 'personal', party: personId, amount });
  }
  if (owed === 0) return [];
  if (home !== treatment) {
    postings.push({ book: home, account: 'dueTo', party: treatment, amount: -owed });
    postings.push({ book: treatment, account: 'dueFrom', party: home, amount: owed });
  }
  postings.push({ book: treatment, account: 'payable', party: institutionId, amount: -owed });
  invariant(postings.reduce((sum, posting) => sum + posting.amount, 0) === 0, 'Σ postings = 0');
  return postings;
}
