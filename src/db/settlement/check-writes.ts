import type { SettlementRow, Writes } from '../../app/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { FUNDS } from '../../core/policy/terms.ts';

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
  const entered = new Map(settlements.map(({ row }) => [row.settlementId, { row, sum: 0, payable: 0 }]));
  for (const { entryId, account, amount, windowId } of postings) {
    const of = entered.get(entryId);
    invariant(of?.row.windowId === windowId, 'a posting belongs to a settlement of the same transaction and window');
    invariant(Number.isSafeInteger(amount), 'every posting is a whole number of fen');
    of.sum += amount;
    if (account === 'payable') of.payable -= amount;
  }
  for (const { row, sum, payable } of entered.values()) {
    invariant(sum === 0, 'Σ postings of a settlement = 0');
    invariant(payable === row.fundTotal + row.account, 'the ledger owes the institution what funds and accounts pay');
  }
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
    for (const amount of Object.values(amounts)) {
      invariant(Number.isSafeInteger(amount) && amount >= 0, 'accumulators are integers and never below 0');
    }
  }
  for (const { current, carried } of writes.accounts) {
    const both = [current, carried];
    invariant(
      both.every((amount) => Number.isSafeInteger(amount) && amount >= 0),
      'no account is overdrawn',
    );
  }
}
