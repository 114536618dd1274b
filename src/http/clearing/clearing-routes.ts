import { get, post, type Route } from '../route.ts';
import * as clearing from '../schemas/clearing.ts';
import * as problems from '../schemas/problems.ts';
import {
  getNetPositions,
  getPairStatement,
  getTotals,
  listInstitutionStatements,
  listStatements,
  listWindows,
  runClearing,
} from './clearing-endpoints.ts';

/** Windows, what each county owes, and the runs that work it out. */
export const CLEARING_ROUTES: readonly Route[] = [
  get('/v1/windows', {
    tag: 'Clearing',
    summary: 'Clearing windows, one a business day, newest first.',
    callers: ['fund', 'clerk', 'operator'],
    query: clearing.windowsQuery,
    answers: { 200: clearing.windowList },
    handle: listWindows,
  }),
  get('/v1/windows/:id/net-positions', {
    tag: 'Clearing',
    summary:
      'What each county gets or pays for a window: in all, between two, and as few transfers. A fund sees its own.',
    callers: ['fund', 'clerk', 'operator'],
    answers: { 200: clearing.netPositionsAnswer },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: getNetPositions,
  }),
  get('/v1/windows/:id/statements', {
    tag: 'Clearing',
    summary: 'Statements of a window, one a pair of counties. A fund sees its own pairs.',
    callers: ['fund', 'clerk', 'operator'],
    answers: { 200: clearing.pairStatementList },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: listStatements,
  }),
  get('/v1/windows/:id/institution-statements', {
    tag: 'Clearing',
    summary: 'What each institution is owed for a window. An institution sees its own, a fund those of its county.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    answers: { 200: clearing.institutionStatementList },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: listInstitutionStatements,
  }),
  get('/v1/statements/:id', {
    tag: 'Clearing',
    summary: 'A statement with its gross and a page of its bills, each with its hash.',
    callers: ['fund', 'clerk', 'operator'],
    query: clearing.itemsQuery,
    answers: { 200: clearing.pairStatementDetail },
    problems: { 404: problems.problem },
    handle: getPairStatement,
  }),
  post('/v1/clearing-runs', {
    tag: 'Clearing',
    summary: 'Clear every window up to and including a business day, now. Doing it again changes nothing.',
    callers: ['operator'],
    body: clearing.clearingRunRequest,
    answers: { 200: clearing.clearingRunAnswer },
    problems: { 409: problems.problem },
    handle: runClearing,
  }),
  get('/v1/totals', {
    tag: 'Clearing',
    summary: 'Sums over everything settled less everything reversed.',
    callers: ['operator'],
    answers: { 200: clearing.totalsAnswer },
    handle: getTotals,
  }),
];
