import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deductionPostings, takeFromFunds } from '../../../src/core/lifecycle/adjustments.ts';
import { answer, decide, deductedBy, OBJECTION_STATES } from '../../../src/core/lifecycle/objection-states.ts';
import {
  pay,
  PAYMENT_STATES,
  payRequest,
  REQUEST_STATES,
  review,
  send,
} from '../../../src/core/lifecycle/payment-states.ts';
import { checkBy } from '../../../src/core/lifecycle/proposals.ts';
import { isRefusal, type Refusal } from '../../../src/core/lifecycle/refusal.ts';
import {
  confirmBy,
  hasConfirmed,
  STATEMENT_STATES,
  windowStateOf,
  withdrawBy,
  type Side,
} from '../../../src/core/lifecycle/statement-states.ts';
import { nettingPostings, paymentPostings, prefundPostings } from '../../../src/core/ledger/payments.ts';
import { multilateralNets, transfersFor } from '../../../src/core/clearing/netting.ts';
import { assertBalanced } from '../../../src/core/ledger/journal.ts';

const wordOf = (result: string | Refusal | undefined) => (isRefusal(result) ? result.refused : result);
const SIDES: readonly Side[] = ['home', 'treatment'];

describe('a statement', () => {
  it.each([
    ['issued', 'homeConfirmed', 'treatmentConfirmed'],
    ['homeConfirmed', 'ALREADY_CONFIRMED', 'confirmed'],
    ['treatmentConfirmed', 'confirmed', 'ALREADY_CONFIRMED'],
    ['confirmed', 'ALREADY_CONFIRMED', 'ALREADY_CONFIRMED'],
    ['instructed', 'ALREADY_CONFIRMED', 'ALREADY_CONFIRMED'],
    ['paid', 'ALREADY_CONFIRMED', 'ALREADY_CONFIRMED'],
  ] as const)('that is %s becomes, confirmed by home, %s, by treatment, %s', (state, home, treatment) => {
    expect(SIDES.map((side) => wordOf(confirmBy(state, side)))).toEqual([home, treatment]);
  });

  it.each([
    ['issued', 'NOT_CONFIRMED', 'NOT_CONFIRMED'],
    ['homeConfirmed', 'issued', 'NOT_CONFIRMED'],
    ['treatmentConfirmed', 'NOT_CONFIRMED', 'issued'],
    ['confirmed', 'treatmentConfirmed', 'homeConfirmed'],
    ['instructed', 'ALREADY_INSTRUCTED', 'ALREADY_INSTRUCTED'],
    ['paid', 'ALREADY_INSTRUCTED', 'ALREADY_INSTRUCTED'],
  ] as const)('that is %s becomes, withdrawn by home, %s, by treatment, %s', (state, home, treatment) => {
    expect(SIDES.map((side) => wordOf(withdrawBy(state, side)))).toEqual([home, treatment]);
  });

  it('is as it was after a confirmation and its withdrawal', () => {
    for (const state of STATEMENT_STATES) {
      for (const side of SIDES) {
        const confirmed = confirmBy(state, side);
        if (isRefusal(confirmed)) continue;
        expect(hasConfirmed(confirmed, side)).toBe(true);
        expect(withdrawBy(confirmed, side)).toBe(state);
      }
    }
  });

  it('moves its window with the last one', () => {
    expect(windowStateOf(['confirmed', 'treatmentConfirmed'])).toBe('issued');
    expect(windowStateOf(['confirmed', 'instructed'])).toBe('confirmed');
    expect(windowStateOf(['paid', 'instructed'])).toBe('confirmed');
    expect(windowStateOf(['paid', 'paid'])).toBe('paid');
    expect(windowStateOf([])).toBe('paid');
  });
});

describe('an objection', () => {
  it('is answered once, and decided after the answer or the time for it', () => {
    expect(OBJECTION_STATES.map((state) => wordOf(answer(state)))).toEqual([
      'answered',
      'ALREADY_ANSWERED',
      'ALREADY_DECIDED',
    ]);
    expect(OBJECTION_STATES.map((state) => wordOf(decide(state, false)))).toEqual([
      'NOT_ANSWERED',
      'decided',
      'ALREADY_DECIDED',
    ]);
    expect(OBJECTION_STATES.map((state) => wordOf(decide(state, true)))).toEqual([
      'decided',
      'decided',
      'ALREADY_DECIDED',
    ]);
  });

  it('deducts all, a real part, or nothing', () => {
    expect(deductedBy('upheld', undefined, 500)).toBe(500);
    expect(deductedBy('rejected', undefined, 500)).toBe(0);
    expect(deductedBy('inPart', 499, 500)).toBe(499);
    for (const amount of [undefined, 0, -1, 500, 501]) expect(isRefusal(deductedBy('inPart', amount, 500))).toBe(true);
    expect(isRefusal(deductedBy('upheld', 500, 500))).toBe(true);
  });
});

describe('payments and requests', () => {
  it('go one way', () => {
    expect(PAYMENT_STATES.map((state) => wordOf(send(state)))).toEqual(['sent', 'ALREADY_SENT', 'ALREADY_PAID']);
    expect(PAYMENT_STATES.map((state) => wordOf(pay(state)))).toEqual(['NOT_SENT', 'paid', 'ALREADY_PAID']);
    expect(REQUEST_STATES.map((state) => wordOf(review(state, true)))).toEqual([
      'reviewed',
      ...Array<string>(3).fill('ALREADY_REVIEWED'),
    ]);
    expect(review('requested', false)).toBe('refused');
    expect(REQUEST_STATES.map((state) => wordOf(payRequest(state)))).toEqual([
      'NOT_REVIEWED',
      'paid',
      'ALREADY_PAID',
      'REQUEST_REFUSED',
    ]);
  });
});

describe('a proposal', () => {
  it('is checked once, by somebody else', () => {
    expect(checkBy({ state: 'open', madeBy: 'wang' }, 'li')).toBeUndefined();
    expect(wordOf(checkBy({ state: 'open', madeBy: 'wang' }, 'wang'))).toBe('SAME_PERSON');
    expect(wordOf(checkBy({ state: 'approved', madeBy: 'wang' }, 'li'))).toBe('ALREADY_APPROVED');
    expect(wordOf(checkBy({ state: 'sentBack', madeBy: 'wang' }, 'li'))).toBe('SENT_BACK');
  });
});

describe('what moves money', () => {
  const paid = fc.record({
    pool: fc.nat(10_000),
    largeCost: fc.nat(10_000),
    seriousIllness: fc.nat(10_000),
    civilServant: fc.nat(10_000),
    medicalAid: fc.nat(10_000),
  });

  it('takes a deduction out of the funds to the fen, none beyond what it paid, and balances in each book', () => {
    fc.assert(
      fc.property(paid, fc.double({ min: 0, max: 1, noNaN: true }), (funds, share) => {
        const all = Object.values(funds).reduce((sum, each) => sum + each, 0);
        const amount = Math.floor(all * share);
        const taken = takeFromFunds(funds, amount);
        expect([...taken.values()].reduce((sum, each) => sum + each, 0)).toBe(amount);
        for (const [fund, part] of taken) expect(part).toBeLessThanOrEqual(funds[fund]);
        if (amount === 0) return;
        const parties = { homeRegion: 'a', treatmentRegion: 'b', institutionId: 'H' };
        const [entered, undone] = [deductionPostings(parties, taken, -1), deductionPostings(parties, taken, 1)];
        assertBalanced({ postings: entered });
        entered.forEach((posting, at) => expect(undone[at]).toEqual({ ...posting, amount: -posting.amount }));
      }),
    );
    expect(() =>
      takeFromFunds({ pool: 1, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 }, 2),
    ).toThrow();
  });

  it('replaces what pairs owe by transfers, and by nothing else, once they are paid', () => {
    const region = fc.constantFrom('a', 'b', 'c', 'd');
    const owed = fc.array(
      fc.record({ homeRegion: region, treatmentRegion: region, amount: fc.integer({ min: -9_999, max: 99_999 }) }),
    );
    fc.assert(
      fc.property(owed, (all) => {
        const pairs = all.filter(({ homeRegion, treatmentRegion }) => homeRegion !== treatmentRegion);
        const transfers = transfersFor(multilateralNets(pairs, []));
        const netting = nettingPostings(pairs, transfers);
        if (netting.length > 0) assertBalanced({ postings: netting });
        const payments = transfers.flatMap(paymentPostings);
        if (payments.length > 0) assertBalanced({ postings: payments });
        const open = pairs.flatMap(({ homeRegion, treatmentRegion, amount }) => [
          { book: homeRegion, account: 'dueTo', party: treatmentRegion, amount: -amount },
          { book: treatmentRegion, account: 'dueFrom', party: homeRegion, amount },
        ]);
        const left = new Map<string, number>();
        for (const { book, account, party, amount } of [...open, ...netting, ...payments]) {
          if (account === 'bank') continue;
          const key = `${book} ${account} ${party}`;
          left.set(key, (left.get(key) ?? 0) + amount);
        }
        expect([...left.values()].filter((amount) => amount !== 0)).toEqual([]);
      }),
    );
  });

  it('leaves a prefund with the other county, and takes it back', () => {
    for (const amount of [500, -500]) assertBalanced({ postings: prefundPostings('a', 'b', amount) });
  });
});
