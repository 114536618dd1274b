import { quickYesOf } from '../quick-yes.ts';
import { get, post, type Route } from '../route.ts';
import * as bills from '../schemas/bills.ts';
import * as enquiries from '../schemas/enquiries.ts';
import * as problems from '../schemas/problems.ts';
import { askEligibility, getAccumulators } from './enquiry-endpoints.ts';
import {
  explainBill,
  findSettlements,
  getSettlement,
  getStatement,
  quoteBill,
  reverseBill,
  settleBill,
} from './settlement-endpoints.ts';

// What its refinements look at, days that exist, check-bill.ts looks at again.
const isBillShaped = quickYesOf(bills.billRequest);

/** Quoting, settling, reversing and asking about bills and persons; the busiest first. */
export const SETTLEMENT_ROUTES: readonly Route[] = [
  post('/v1/settlements', {
    tag: 'Settling',
    summary: 'Settle a bill. Durable before it is answered; the same content again gets the first answer, with 200.',
    callers: ['institution'],
    body: bills.billRequest,
    quickYes: isBillShaped,
    explain: explainBill,
    answers: { 201: bills.settlementAnswer, 200: bills.settlementAnswer },
    problems: { 409: problems.billConflict, 422: problems.problem },
    handle: settleBill,
  }),
  post('/v1/quotes', {
    tag: 'Settling',
    summary: 'Work out a bill as settling would. Nothing is written.',
    callers: ['institution'],
    body: bills.billRequest,
    quickYes: isBillShaped,
    explain: explainBill,
    answers: { 200: bills.quoteAnswer },
    problems: { 422: problems.problem },
    handle: quoteBill,
  }),
  post('/v1/eligibility', {
    tag: 'Settling',
    summary: 'Ask whether a bill of a kind would be rejected, and why. A fund may ask about its own people.',
    callers: ['institution', 'fund'],
    body: enquiries.eligibilityRequest,
    answers: { 200: enquiries.eligibilityAnswer },
    problems: { 422: problems.problem },
    handle: askEligibility,
  }),
  get('/v1/settlements', {
    tag: 'Settling',
    summary:
      'Find how a bill stands by its number, when its answer was lost: all attempts and reversals, oldest first.',
    callers: ['institution'],
    query: bills.settlementQuery,
    answers: { 200: bills.settlementList },
    handle: findSettlements,
  }),
  get('/v1/settlements/:id', {
    tag: 'Settling',
    summary: 'Read a settlement or a reversal.',
    callers: ['institution', 'fund'],
    answers: { 200: bills.settlementOrReversal },
    problems: { 404: problems.problem },
    handle: getSettlement,
  }),
  post('/v1/settlements/:id/reversal', {
    tag: 'Settling',
    summary: 'Reverse a settlement whole. Refused with the list of later bills that used what it would take back.',
    callers: ['institution'],
    body: bills.reversalRequest,
    answers: { 201: bills.reversalAnswer, 200: bills.reversalAnswer },
    problems: { 404: problems.problem, 409: problems.reversalRefused },
    handle: reverseBill,
  }),
  get('/v1/settlements/:id/statement', {
    tag: 'Settling',
    summary: 'The printed statement as data: every line, every share, every step with the values of law it used.',
    callers: ['institution', 'fund'],
    answers: { 200: bills.statementAnswer },
    problems: { 404: problems.problem },
    handle: getStatement,
  }),
  get('/v1/persons/:id/accumulators', {
    tag: 'Persons',
    summary: "How far a person's deductibles and caps are used. A fund sees its own people.",
    callers: ['institution', 'fund'],
    answers: { 200: enquiries.accumulatorsAnswer },
    problems: { 404: problems.problem },
    handle: getAccumulators,
  }),
];
