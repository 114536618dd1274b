import { enteredBy } from '../../core/ledger/journal.ts';
import { prefundPostings } from '../../core/ledger/payments.ts';
import { payRequest, review } from '../../core/lifecycle/payment-states.ts';
import { isRefusal, refuse, type Refusal } from '../../core/lifecycle/refusal.ts';
import type { Fen } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';
import type { ActContext, ActResult } from './act-context.ts';
import { deskFor } from './objection-acts.ts';
import { returnRefusal } from './payment-acts.ts';
import type { Act, LifeState, PrefundRequest, Subject } from './ports.ts';
import { notYours, sideOf } from './statement-acts.ts';

/** A request as it is made. */
export function newRequest(
  pair: Pick<PrefundRequest, 'homeRegion' | 'treatmentRegion'>,
  about: Pick<PrefundRequest, 'requestId' | 'kind' | 'amount' | 'words' | 'requestedAtMs'>,
): PrefundRequest {
  return {
    ...pair,
    ...about,
    state: 'requested',
    granted: undefined,
    reviewedAtMs: undefined,
    paidAtMs: undefined,
    bank: undefined,
    reference: undefined,
    valueDate: undefined,
  };
}

/**
 * The treatment county asks for more prefund.
 *
 * @rejects OTHER_SIDE, ALREADY_REQUESTED while one is neither paid nor refused
 */
export function requestPrefund(
  { request }: LifeState,
  { id }: Subject,
  { amount, words }: Extract<Act, { act: 'request' }>,
  { desk, nowMs, newId }: ActContext,
): ActResult {
  const [homeRegion = '', treatmentRegion = ''] = id.split('-');
  const pair = { homeRegion, treatmentRegion };
  const side = sideOf(pair, desk);
  if (side === undefined) return 'hidden';
  if (side !== 'treatment') return notYours('treatment county');
  if (request !== undefined) return refuse('ALREADY_REQUESTED', `the request ${request.requestId} is not paid yet`);
  const about = { requestId: newId(), kind: 'urgent', amount, words, requestedAtMs: nowMs } as const;
  return { writes: { request: newRequest(pair, about) } };
}

/** A prefund is money that lies with the treatment county: no more of it can be given back than is there. */
function balanceRefusal(prefund: Fen, granted: Fen): Refusal | undefined {
  const after = prefund + granted;
  if (after >= 0 && Number.isSafeInteger(after)) return undefined;
  return refuse('BAD_BALANCE', `the prefund is ${formatFen(prefund)}: ${formatFen(granted)} cannot be added to it`);
}

/**
 * A request is reviewed: granted, with another amount or the same, or refused by granting nothing.
 *
 * @rejects OTHER_SIDE, ALREADY_REVIEWED, BAD_AMOUNT, BAD_BALANCE
 */
export function reviewRequest(
  { request, prefund }: LifeState,
  { granted }: Extract<Act, { act: 'review' }>,
  { desk, nowMs, calendar }: ActContext,
): ActResult {
  if (request === undefined) return 'hidden';
  const reviewer = calendar.topUpReviewer.value;
  if (desk !== deskFor(reviewer, request)) {
    return sideOf(request, desk) === undefined ? 'hidden' : notYours(reviewer);
  }
  const state = review(request.state, granted !== 0);
  if (isRefusal(state)) return state;
  if (granted !== 0 && Math.sign(granted) !== Math.sign(request.amount)) {
    return refuse('BAD_AMOUNT', 'what is granted goes the way that was asked for');
  }
  const beyond = balanceRefusal(prefund, granted);
  if (beyond !== undefined) return beyond;
  return { writes: { request: { ...request, state, granted, reviewedAtMs: nowMs } } };
}

/**
 * What was granted is paid: by the home county, or given back by the treatment county when it is negative.
 *
 * @rejects OTHER_SIDE, NOT_REVIEWED, REQUEST_REFUSED, ALREADY_PAID, PARTIAL_RETURN, VALUE_DATE_AHEAD, BAD_BALANCE
 */
export function payRequestAct(
  { request, prefund }: LifeState,
  returned: Extract<Act, { act: 'pay' }>,
  { desk, person, nowMs, newId }: ActContext,
): ActResult {
  const side = request === undefined ? undefined : sideOf(request, desk);
  if (request === undefined || side === undefined) return 'hidden';
  const granted = request.granted ?? request.amount;
  if (side !== (granted > 0 ? 'home' : 'treatment')) return notYours('payer');
  const state = payRequest(request.state);
  if (isRefusal(state)) return state;
  const refusal = returnRefusal(returned, Math.abs(granted), nowMs) ?? balanceRefusal(prefund, granted);
  if (refusal !== undefined) return refusal;
  const { bank, reference, valueDate } = returned;
  const { homeRegion, treatmentRegion, requestId } = request;
  return {
    writes: {
      request: { ...request, state, paidAtMs: nowMs, bank, reference, valueDate },
      prefund: { homeRegion, treatmentRegion, balance: prefund + granted },
      entries: [
        {
          entryId: newId(),
          kind: 'prefund',
          subjectId: requestId,
          enteredAtMs: nowMs,
          enteredBy: enteredBy(person, desk),
          reason: `paid ${valueDate}, reference ${reference}`,
          postings: prefundPostings(homeRegion, treatmentRegion, granted),
        },
      ],
    },
  };
}
