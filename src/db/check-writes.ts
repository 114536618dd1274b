import type { SettlementRow, Writes } from '../app/ports.ts';
import { invariant } from '../core/invariant.ts';
import { FUNDS } from '../core/policy/terms.ts';

function checkIdentities(row: SettlementRow): void {
  const { total, fullSelfPay, overLimit, firstSelfPay, eligible, funds, fundTotal, personTotal, account, cash } = row;
  const amounts = [total, fullSelfPay, overLimit, firstSelfPay, eligible, fundTotal, personTotal, account, cash];
  let paidByFunds = 0;
  for (const fund of FUNDS) {
    amounts.push(funds[fund]);
    paidByFunds += funds[fund];
  }
  invariant(amounts.every(Number.isSafeInteger), 'every amount of a settlement is a whole number of fen');
  invariant(total === fullSelfPay + overLimit + firstSelfPay + eligible, 'bill = Σ of its parts');
  invariant(fundTotal === paidByFunds, 'fundTotal = Σ funds');
  invariant(personTotal === total - fundTotal, 'personTotal = bill − fundTotal');
  invariant(personTotal === account + cash, 'personTotal = account + cash');
  invariant(Number.isSafeInteger(row.attempt) && row.attempt !== 0, 'attempts count from 1, reversals from −1');
}

function checkPostings({ settlements, postings }: Writes): void {
  const sums = new Map(settlements.map(({ row }) => [row.settlementId, 0]));
  for (const { settlementId, amount } of postings) {
    const sum = sums.get(settlementId);
    invariant(sum !== undefined, 'a posting belongs to a settlement of the same transaction');
    invariant(Number.isSafeInteger(amount), 'every posting is a whole number of fen');
    sums.set(settlementId, sum + amount);
  }
  for (const sum of sums.values()) invariant(sum === 0, 'Σ postings of a settlement = 0');
}

/**
 * Looks once more at what is about to be written: MariaDB would round a fraction into a BIGINT without a word.
 *
 * @throws InvariantViolation
 */
export function checkWrites(writes: Writes): void {
  for (const { row } of writes.settlements) checkIdentities(row);
  checkPostings(writes);
  for (const { amounts } of writes.accumulators) {
    for (const amount of Object.values(amounts)) invariant(Number.isSafeInteger(amount), 'accumulators are integers');
  }
  for (const { current, carried } of writes.accounts) {
    const both = [current, carried];
    invariant(
      both.every((amount) => Number.isSafeInteger(amount) && amount >= 0),
      'no account is overdrawn',
    );
  }
}
