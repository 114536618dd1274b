import { get, type Route } from '../route.ts';
import * as ledger from '../schemas/ledger.ts';
import * as problems from '../schemas/problems.ts';
import { getAccountEntries, getTrialBalance } from './ledger-endpoints.ts';

/** The books, as auditors look at them. */
export const LEDGER_ROUTES: readonly Route[] = [
  get('/v1/ledger/trial-balance', {
    tag: 'Ledger',
    summary: 'Every account at an instant. A fund and its clerks see their own book, an operator all.',
    callers: ['fund', 'clerk', 'operator'],
    query: ledger.trialBalanceQuery,
    answers: { 200: ledger.trialBalance },
    problems: { 404: problems.problem },
    handle: getTrialBalance,
  }),
  get('/v1/ledger/accounts/:book/:account', {
    tag: 'Ledger',
    summary: 'What an account came to, and a page of the settlements, reversals and journal entries that moved it.',
    callers: ['fund', 'clerk', 'operator'],
    query: ledger.accountQuery,
    answers: { 200: ledger.accountEntries },
    problems: { 404: problems.problem },
    handle: getAccountEntries,
  }),
];
