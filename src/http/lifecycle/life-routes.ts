import { download, get, post, type Route } from '../route.ts';
import * as life from '../schemas/lifecycle.ts';
import * as problems from '../schemas/problems.ts';
import { downloadInstitutionStatement, downloadInstructions, downloadStatement } from './file-endpoints.ts';
import {
  getDeadlines,
  getLiquidations,
  getMonthlyNotices,
  getObjection,
  getPaymentRun,
  getStatementLife,
  instructMonth,
  liquidate,
  listObjections,
  listPrefunds,
  listRequests,
  makeMonthlyNotices,
  resizeYear,
} from './life-endpoints.ts';
import {
  answerObjection,
  approveProposal,
  confirmStatement,
  decideObjection,
  dispatchPayment,
  getProposal,
  listProposals,
  objectToItems,
  payRequest,
  recordPayment,
  requestTopUp,
  reviewRequest,
  sendBackProposal,
  withdrawConfirmation,
} from './proposal-endpoints.ts';

const READERS = ['fund', 'clerk', 'operator'] as const;
const STATEMENT_TYPES = [
  'application/json',
  'text/csv',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
];
const NOT_THERE = { 404: problems.problem };
const REFUSED = { ...NOT_THERE, 409: problems.problem };
/** A proposal is made, or was there. */
const PROPOSED = { 201: life.proposalView, 200: life.proposalView };
const OBJECTIONS = { tag: 'Objections', callers: ['clerk'], answers: PROPOSED, problems: REFUSED } as const;
const STATEMENTS = { ...OBJECTIONS, tag: 'Statements' } as const;
const PAYMENTS = { ...OBJECTIONS, tag: 'Payments' } as const;
const PREFUNDS = { ...OBJECTIONS, tag: 'Prefunds' } as const;

const STATEMENT_ROUTES: readonly Route[] = [
  get('/v1/statements/:id/life', {
    tag: 'Statements',
    summary: 'Where a statement is: confirmations, what is disputed, what came into it, what is to be done by when.',
    callers: READERS,
    answers: { 200: life.statementLifeView },
    problems: NOT_THERE,
    handle: getStatementLife,
  }),
  download('/v1/statements/:id/file', {
    tag: 'Statements',
    summary: 'A statement as a file: every bill with its hash, every line from earlier windows, the total.',
    callers: READERS,
    query: life.statementFileQuery,
    gives: { what: 'The statement', mediaTypes: STATEMENT_TYPES },
    problems: NOT_THERE,
    send: downloadStatement,
  }),
  download('/v1/windows/:id/institutions/:institution/file', {
    tag: 'Statements',
    summary: 'What an institution gets for a window, bill by bill. An institution sees its own.',
    callers: ['institution', ...READERS],
    query: life.statementFileQuery,
    gives: { what: 'The statement', mediaTypes: STATEMENT_TYPES },
    problems: REFUSED,
    send: downloadInstitutionStatement,
  }),
  post('/v1/statements/:id/confirmation', {
    ...STATEMENTS,
    summary: 'Propose that the own county confirms the undisputed part of a statement.',
    body: life.confirmationRequest,
    handle: confirmStatement,
  }),
  post('/v1/statements/:id/withdrawal', {
    ...STATEMENTS,
    summary: 'Propose that the own county takes its confirmation back, as long as no payment is instructed.',
    body: life.wordsRequest,
    handle: withdrawConfirmation,
  }),
  post('/v1/statements/:id/objections', {
    ...STATEMENTS,
    summary: 'Propose that the home county objects to single items; they leave the statement, the rest goes on.',
    body: life.objectionRequest,
    handle: objectToItems,
  }),
];

const OBJECTION_ROUTES: readonly Route[] = [
  get('/v1/objections', {
    tag: 'Objections',
    summary: 'Objections that are not decided, oldest first. A county sees its own pairs.',
    callers: READERS,
    query: life.limitQuery,
    answers: { 200: life.objectionList },
    handle: listObjections,
  }),
  get('/v1/objections/:id', {
    tag: 'Objections',
    summary: 'An objection with its answer and decision.',
    callers: READERS,
    answers: { 200: life.objectionView },
    problems: NOT_THERE,
    handle: getObjection,
  }),
  post('/v1/objections/:id/answer', {
    ...OBJECTIONS,
    summary: 'Propose the treatment county’s answer; one that does not accept is flagged for mediation.',
    body: life.answerRequest,
    handle: answerObjection,
  }),
  post('/v1/objections/:id/decision', {
    ...OBJECTIONS,
    callers: ['clerk', 'operator'],
    summary: 'Propose the decision, after the answer or when it is overdue; its outcome goes into the open window.',
    body: life.decisionRequest,
    handle: decideObjection,
  }),
];

const PROPOSAL_ROUTES: readonly Route[] = [
  get('/v1/proposals', {
    tag: 'Proposals',
    summary: 'What the own desk proposed, newest first.',
    callers: ['clerk', 'operator'],
    query: life.proposalsQuery,
    answers: { 200: life.proposalList },
    handle: listProposals,
  }),
  get('/v1/proposals/:id', {
    tag: 'Proposals',
    summary: 'A proposal of the own desk.',
    callers: ['clerk', 'operator'],
    answers: { 200: life.proposalView },
    problems: NOT_THERE,
    handle: getProposal,
  }),
  post('/v1/proposals/:id/approval', {
    tag: 'Proposals',
    summary: 'Approve what another person of the own desk proposed: it is done in the same breath.',
    callers: ['clerk', 'operator'],
    answers: { 200: life.proposalView },
    problems: REFUSED,
    handle: approveProposal,
  }),
  post('/v1/proposals/:id/sending-back', {
    tag: 'Proposals',
    summary: 'Send back what another person of the own desk proposed, with a reason.',
    callers: ['clerk', 'operator'],
    body: life.sendBackRequest,
    answers: { 200: life.proposalView },
    problems: REFUSED,
    handle: sendBackProposal,
  }),
];

const PAYMENT_ROUTES: readonly Route[] = [
  post('/v1/payment-runs', {
    tag: 'Payments',
    summary: 'Instruct the payments of a month, netted over all counties. Doing it again changes nothing.',
    callers: ['operator'],
    body: life.monthRequest,
    answers: { 200: life.paymentRunView },
    problems: { 409: problems.problem },
    handle: instructMonth,
  }),
  get('/v1/payment-runs/:id', {
    tag: 'Payments',
    summary: 'The payments of a month. A county sees its own.',
    callers: READERS,
    answers: { 200: life.paymentRunView },
    problems: NOT_THERE,
    handle: getPaymentRun,
  }),
  download('/v1/payment-runs/:id/instructions', {
    tag: 'Payments',
    summary: 'Payment instructions of a month for the bank. A county gets its own, with the statements behind them.',
    callers: READERS,
    query: life.instructionFileQuery,
    gives: { what: 'The instructions', mediaTypes: ['application/json', 'text/csv'] },
    problems: NOT_THERE,
    send: downloadInstructions,
  }),
  post('/v1/payments/:id/dispatch', {
    ...PAYMENTS,
    summary: 'Propose that a payment is marked as sent to the bank.',
    handle: dispatchPayment,
  }),
  post('/v1/payments/:id/return', {
    ...PAYMENTS,
    summary: 'Propose that a payment is made, with the bank’s reference. A part is refused.',
    body: life.bankReturn,
    handle: recordPayment,
  }),
];

const PREFUND_ROUTES: readonly Route[] = [
  get('/v1/prefunds', {
    tag: 'Prefunds',
    summary: 'Balance and usage of each pair’s prefund in a month, which are yellow or red, and due for resizing.',
    callers: READERS,
    query: life.monthQuery,
    answers: { 200: life.prefundList },
    handle: listPrefunds,
  }),
  get('/v1/prefund-requests', {
    tag: 'Prefunds',
    summary: 'Requests for prefund, newest first.',
    callers: READERS,
    query: life.limitQuery,
    answers: { 200: life.prefundRequestList },
    handle: listRequests,
  }),
  post('/v1/prefunds/:home/:treatment/requests', {
    ...PREFUNDS,
    summary: 'Propose that the treatment county asks for an urgent top-up.',
    body: life.topUpRequest,
    handle: requestTopUp,
  }),
  post('/v1/prefund-requests/:id/review', {
    ...PREFUNDS,
    callers: ['clerk', 'operator'],
    summary: 'Propose the outcome of a review: what is granted; 0.00 refuses.',
    body: life.reviewRequest,
    handle: reviewRequest,
  }),
  post('/v1/prefund-requests/:id/payment', {
    ...PREFUNDS,
    summary: 'Propose that a granted request is paid, with the bank’s reference.',
    body: life.bankReturn,
    handle: payRequest,
  }),
  post('/v1/prefund-resizings', {
    tag: 'Prefunds',
    summary: 'Ask for what every prefund lacks for a year, or has too much. Doing it again changes nothing.',
    callers: ['operator'],
    body: life.yearRequest,
    answers: { 200: life.prefundRequestList },
    problems: { 409: problems.problem },
    handle: resizeYear,
  }),
];

const CALENDAR_ROUTES: readonly Route[] = [
  get('/v1/deadlines', {
    tag: 'Calendar',
    summary: 'What is to be done by when. A county sees what it is to do itself.',
    callers: READERS,
    query: life.deadlinesQuery,
    answers: { 200: life.deadlineList },
    handle: getDeadlines,
  }),
  post('/v1/monthly-notices', {
    tag: 'Calendar',
    summary: 'Make the notices of a month, one a pair. Doing it again changes nothing.',
    callers: ['operator'],
    body: life.monthRequest,
    answers: { 200: life.monthlyNoticeList },
    problems: { 409: problems.problem },
    handle: makeMonthlyNotices,
  }),
  get('/v1/monthly-notices/:month', {
    tag: 'Calendar',
    summary: 'The notices of a month. A county sees its own pairs.',
    callers: READERS,
    answers: { 200: life.monthlyNoticeList },
    problems: NOT_THERE,
    handle: getMonthlyNotices,
  }),
  post('/v1/yearly-liquidations', {
    tag: 'Calendar',
    summary: 'Liquidate a year, pair by pair. Doing it again changes nothing.',
    callers: ['operator'],
    body: life.yearRequest,
    answers: { 200: life.liquidationList },
    problems: { 409: problems.problem },
    handle: liquidate,
  }),
  get('/v1/yearly-liquidations/:year', {
    tag: 'Calendar',
    summary: 'How a year ended. A county sees its own pairs.',
    callers: READERS,
    answers: { 200: life.liquidationList },
    problems: NOT_THERE,
    handle: getLiquidations,
  }),
];

/** What happens to statements after the night, and who does it. */
export const LIFE_ROUTES: readonly Route[] = [
  ...STATEMENT_ROUTES,
  ...OBJECTION_ROUTES,
  ...PROPOSAL_ROUTES,
  ...PAYMENT_ROUTES,
  ...PREFUND_ROUTES,
  ...CALENDAR_ROUTES,
];
