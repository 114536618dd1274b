import { invariant } from '../invariant.ts';
import type { Fen } from '../money/fen.ts';
import { FUNDS, PERSON_PARTS } from '../policy/terms.ts';
import type { Bill } from './facts.ts';
import type { Verdict } from './verdict.ts';

/**
 * Asserts the identities of design §4 on a verdict.
 *
 * @param leftAfterPurses what the purses left over, found part by part; the sums find cash from the other side
 *
 * @throws InvariantViolation naming the identity that does not hold
 */
export function assertIdentities(bill: Bill, verdict: Verdict, leftAfterPurses: Fen): void {
  const { total, fullSelfPay, overLimit, firstSelfPay, eligible, fundTotal, personTotal, account, cash } = verdict;
  invariant(total === bill.total, 'the verdict is about the whole bill');
  invariant(total === fullSelfPay + overLimit + firstSelfPay + eligible, 'bill = Σ lines');
  invariant(fundTotal === FUNDS.reduce((sum, fund) => sum + verdict.funds[fund], 0), 'fundTotal = Σ layers');
  invariant(fundTotal === verdict.stages.reduce((sum, stage) => sum + stage.paid, 0), 'fundTotal = Σ stages');
  invariant(personTotal === total - fundTotal, 'personTotal = bill − fundTotal');
  invariant(cash === leftAfterPurses, 'cash = Σ parts that no purse paid');
  invariant(personTotal === account + cash, 'personTotal = account + cash');
  const parts = PERSON_PARTS.reduce((sum, part) => sum + verdict.personParts[part], 0);
  invariant(personTotal === parts, 'personTotal = Σ parts');
  invariant(
    fundTotal >= 0 && account >= 0 && cash >= 0 && PERSON_PARTS.every((part) => verdict.personParts[part] >= 0),
    'nobody pays less than nothing',
  );
}
