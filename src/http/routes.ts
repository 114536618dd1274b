import { getNetPositions, getPairStatement, listStatements, listWindows, runClearing } from './clearing-endpoints.ts';
import { streamCounter } from './counter-endpoints.ts';
import { askEligibility, getAccumulators, getTotals } from './enquiry-endpoints.ts';
import { get, post, watch, type Route } from './route.ts';
import { listRules, reloadRules } from './rule-endpoints.ts';
import * as bills from './schemas/bills.ts';
import * as counter from './schemas/counter.ts';
import * as enquiries from './schemas/enquiries.ts';
import * as problems from './schemas/problems.ts';
import * as rules from './schemas/rules.ts';
import {
  explainBill,
  findSettlements,
  getSettlement,
  getStatement,
  quoteBill,
  reverseBill,
  settleBill,
} from './settlement-endpoints.ts';

/**
 * Everything that can be asked under `/v1`: method, path, who may, what goes in, what comes out, who does it.
 * The busiest come first, because express tries them in order. `openapi.ts` describes the same table.
 */
export const ROUTES: readonly Route[] = [
  post('/v1/settlements', {
    tag: 'Settling',
    summary: 'Settle a bill. Durable before it is answered; the same content again gets the first answer, with 200.',
    callers: ['institution'],
    body: bills.billRequest,
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
  get('/v1/windows', {
    tag: 'Clearing',
    summary: 'Clearing windows, one a business day, newest first.',
    callers: ['fund', 'operator'],
    query: enquiries.windowsQuery,
    answers: { 200: enquiries.windowList },
    handle: listWindows,
  }),
  get('/v1/windows/:id/net-positions', {
    tag: 'Clearing',
    summary:
      'What each county gets or pays for a window: in all, between two, and as few transfers. A fund sees its own.',
    callers: ['fund', 'operator'],
    answers: { 200: enquiries.netPositionsAnswer },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: getNetPositions,
  }),
  get('/v1/windows/:id/statements', {
    tag: 'Clearing',
    summary: 'Statements of a window, one a pair of counties. A fund sees its own pairs.',
    callers: ['fund', 'operator'],
    answers: { 200: enquiries.pairStatementList },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: listStatements,
  }),
  get('/v1/statements/:id', {
    tag: 'Clearing',
    summary: 'A statement with its gross and a page of its bills, each with its hash.',
    callers: ['fund', 'operator'],
    query: enquiries.itemsQuery,
    answers: { 200: enquiries.pairStatementDetail },
    problems: { 404: problems.problem },
    handle: getPairStatement,
  }),
  post('/v1/clearing-runs', {
    tag: 'Clearing',
    summary: 'Clear every window up to and including a business day, now. Doing it again changes nothing.',
    callers: ['operator'],
    body: enquiries.clearingRunRequest,
    answers: { 200: enquiries.clearingRunAnswer },
    problems: { 409: problems.problem },
    handle: runClearing,
  }),
  get('/v1/totals', {
    tag: 'Clearing',
    summary: 'Sums over everything settled less everything reversed.',
    callers: ['operator'],
    answers: { 200: enquiries.totalsAnswer },
    handle: getTotals,
  }),
  get('/v1/rules', {
    tag: 'Rules',
    summary: 'Policies and catalogues that bills are settled by: every version with its days and its hash.',
    callers: ['operator', 'fund', 'institution'],
    answers: { 200: rules.rulesAnswer },
    handle: listRules,
  }),
  post('/v1/rules', {
    tag: 'Rules',
    summary:
      'Load the rules of the process that answers again, from its files. With any error the rules in force stay; otherwise the next bill is settled by the new ones.',
    callers: ['operator'],
    answers: { 200: rules.rulesAnswer },
    problems: { 422: problems.rulesRefused },
    handle: reloadRules,
  }),
  watch('/v1/counters/:institution/events', {
    tag: 'Counter',
    summary: 'Server-sent events for the display at a counter: the latest bills, then each as it happens.',
    callers: ['display'],
    query: counter.counterQuery,
    events: { counter: counter.counterGreeting, settled: counter.counterEvent, reversed: counter.counterEvent },
    problems: { 404: problems.problem },
    stream: streamCounter,
  }),
];
