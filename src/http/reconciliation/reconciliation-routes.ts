import { download, get, post, upload, type Route } from '../route.ts';
import * as problems from '../schemas/problems.ts';
import * as reconciliation from '../schemas/reconciliation.ts';
import {
  acceptCorrection,
  closeReconciliationRun,
  compareReconciliationTotals,
  getReconciliationResult,
  getReconciliationRun,
  listDifferences,
  listReconciliationRuns,
  refuseCorrection,
  sendReconciliationFile,
} from './reconciliation-endpoints.ts';

const FILE_BYTES_MAX = 2 * 1024 ** 3;

const FILE = [
  "An institution's or a home fund's settlements of one business day. CSV in UTF-8 with the header",
  'institutionId (of a fund: homeRegion),businessDate,settlementId,billNumber,refund,personId,total,fundTotal,account and,',
  'if wished, policyHash; or the form of 3202: TAB between columns, no header, one file in a ZIP file.',
  'A reversed settlement is two lines, one positive, one negative with refund 1',
].join(' ');

/** Files of hospitals and home funds held against our books, and what clerks decide about what differs. */
export const RECONCILIATION_ROUTES: readonly Route[] = [
  post('/v1/reconciliation-totals', {
    tag: 'Reconciliation',
    summary: 'Compare four figures of a group of settlements with ours (3201). Send the detail only where they differ.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    body: reconciliation.totalsRequest,
    answers: { 200: reconciliation.totalsComparison },
    problems: { 404: problems.problem },
    handle: compareReconciliationTotals,
  }),
  upload('/v1/reconciliation-files', {
    tag: 'Reconciliation',
    summary:
      'Send the file of a closed day. It is read and matched in the background; the same file again is the same run.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    query: reconciliation.reconciliationFileQuery,
    takes: {
      what: FILE,
      mediaTypes: ['text/csv', 'application/zip', 'text/tab-separated-values'],
      bytesMax: FILE_BYTES_MAX,
    },
    answers: { 200: reconciliation.reconciliationRunView, 202: reconciliation.reconciliationRunView },
    problems: { 404: problems.problem, 409: problems.problem },
    receive: sendReconciliationFile,
  }),
  get('/v1/reconciliation-runs', {
    tag: 'Reconciliation',
    summary: 'Files that were sent, newest first. An institution sees its own, a county its own.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    query: reconciliation.reconciliationRunsQuery,
    answers: { 200: reconciliation.reconciliationRunList },
    handle: listReconciliationRuns,
  }),
  get('/v1/reconciliation-runs/:id', {
    tag: 'Reconciliation',
    summary: 'How far a file is, what is wrong with it by line and column, and how the totals compare.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    answers: { 200: reconciliation.reconciliationRunView },
    problems: { 404: problems.problem },
    handle: getReconciliationRun,
  }),
  post('/v1/reconciliation-runs/:id/closing', {
    tag: 'Reconciliation',
    summary: 'Close a run whose differences are all decided: the period takes no further file.',
    callers: ['clerk'],
    body: reconciliation.runClosing,
    answers: { 200: reconciliation.reconciliationRunView },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: closeReconciliationRun,
  }),
  download('/v1/reconciliation-runs/:id/result', {
    tag: 'Reconciliation',
    summary: 'What differs, as the result file of 3202.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    query: reconciliation.resultQuery,
    gives: { what: 'One text in a ZIP file, TAB between its ten columns', mediaTypes: ['application/zip'] },
    problems: { 404: problems.problem },
    send: getReconciliationResult,
  }),
  get('/v1/reconciliation-differences', {
    tag: 'Reconciliation',
    summary: "Differences with proposed corrections: of the caller's runs, and of a county's people and institutions.",
    callers: ['institution', 'fund', 'clerk', 'operator'],
    query: reconciliation.differencesQuery,
    answers: { 200: reconciliation.differenceList },
    problems: { 404: problems.problem },
    handle: listDifferences,
  }),
  post('/v1/reconciliation-differences/:id/acceptance', {
    tag: 'Reconciliation',
    summary:
      'Accept the proposed correction. Where money moves, the first clerk proposes and a second one makes it so.',
    callers: ['clerk'],
    body: reconciliation.differenceDecision,
    answers: { 200: reconciliation.differenceView },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: acceptCorrection,
  }),
  post('/v1/reconciliation-differences/:id/refusal', {
    tag: 'Reconciliation',
    summary: 'Refuse the proposed correction and say why.',
    callers: ['clerk'],
    body: reconciliation.differenceDecision,
    answers: { 200: reconciliation.differenceView },
    problems: { 404: problems.problem, 409: problems.problem },
    handle: refuseCorrection,
  }),
];
