import { invariant } from '../invariant.ts';
import type { Owed, Transfer } from '../clearing/netting.ts';
import type { Fen } from '../money/fen.ts';
import type { Posting } from './postings.ts';

/**
 * The entry that puts few transfers in the place of what each pair owes: what the statements of a payment run come to is
 * no longer due between their pairs, but between the payers and payees of the transfers.
 *
 * @shape payable by pair, the transfers that settle them all → postings that come to 0 in each book; none when nothing moves
 * @units fen
 */
export function nettingPostings(owed: readonly Owed[], transfers: readonly Transfer[]): Posting[] {
  const postings: Posting[] = [];
  for (const { homeRegion, treatmentRegion, amount } of owed) {
    if (amount === 0) continue;
    postings.push({ book: homeRegion, account: 'dueTo', party: treatmentRegion, amount });
    postings.push({ book: treatmentRegion, account: 'dueFrom', party: homeRegion, amount: -amount });
  }
  for (const { payer, payee, amount } of transfers) {
    postings.push({ book: payer, account: 'dueTo', party: payee, amount: -amount });
    postings.push({ book: payee, account: 'dueFrom', party: payer, amount });
  }
  return postings;
}

/**
 * A transfer that the bank made: the payer's debt and money shrink, the payee's claim becomes money.
 *
 * @units fen
 */
export function paymentPostings({ payer, payee, amount }: Transfer): Posting[] {
  invariant(amount > 0, 'a payment moves something');
  return [
    { book: payer, account: 'dueTo', party: payee, amount },
    { book: payer, account: 'bank', party: payee, amount: -amount },
    { book: payee, account: 'bank', party: payer, amount },
    { book: payee, account: 'dueFrom', party: payer, amount: -amount },
  ];
}

/**
 * Money that a home fund leaves with a treatment county in advance; a negative amount is given back.
 *
 * @units fen
 */
export function prefundPostings(homeRegion: string, treatmentRegion: string, amount: Fen): Posting[] {
  return [
    { book: homeRegion, account: 'prefundPaid', party: treatmentRegion, amount },
    { book: homeRegion, account: 'bank', party: treatmentRegion, amount: -amount },
    { book: treatmentRegion, account: 'bank', party: homeRegion, amount },
    { book: treatmentRegion, account: 'prefundHeld', party: homeRegion, amount: -amount },
  ];
}
