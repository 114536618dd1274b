import { MATERIAL_TYPES } from '../../core/casework/media-type.ts';
import { download, get, post, upload, type Route } from '../route.ts';
import * as casework from '../schemas/casework.ts';
import * as problems from '../schemas/problems.ts';
import {
  countServices,
  decideOnCase,
  getCase,
  listCases,
  listDueCases,
  openCaseAtWindow,
  payForCase,
  takeCaseAction,
  verifyCaseItem,
} from './case-endpoints.ts';
import { compareHandlingGuides } from './guide-endpoints.ts';
import { downloadMaterial, listLooks, uploadMaterial } from './material-endpoints.ts';

/** The largest material: a dozen scanned pages. */
const MATERIAL_MAX_BYTES = 10 * 1024 * 1024;

const { problem } = problems;
const NOT_THEIRS = { 404: problem };
const STEP_PROBLEMS = { 404: problem, 409: problem };

/** Cases that two counties hand over to each other, their materials, what is counted of them, and the guides. */
export const CASEWORK_ROUTES: readonly Route[] = [
  get('/v1/cases', {
    tag: 'Cases',
    summary: 'Cases of the clerk’s county, on either side, newest first.',
    callers: ['clerk'],
    query: casework.caseListQuery,
    answers: { 200: casework.caseList },
    handle: listCases,
  }),
  post('/v1/cases', {
    tag: 'Cases',
    summary:
      'Opens a case that the person’s home county decides. The same request key and content finds the same case.',
    callers: ['clerk'],
    body: casework.caseRequest,
    answers: { 201: casework.caseView, 200: casework.caseView },
    problems: { 409: problem },
    handle: openCaseAtWindow,
  }),
  get('/v1/cases/counts', {
    tag: 'Cases',
    summary: 'Services by form, pair of counties and month. Straight-through ones are settlements less reversals.',
    callers: ['clerk', 'fund', 'operator'],
    query: casework.serviceCountsQuery,
    answers: { 200: casework.serviceCounts },
    handle: countServices,
  }),
  get('/v1/cases/due', {
    tag: 'Cases',
    summary: 'Cases of the clerk’s county, on either side, that are due or overdue, the longest overdue first.',
    callers: ['clerk'],
    query: casework.dueCasesQuery,
    answers: { 200: casework.caseList },
    handle: listDueCases,
  }),
  get('/v1/cases/:id', {
    tag: 'Cases',
    summary: 'A case with its checklist, materials, history and what the caller can do now.',
    callers: ['clerk'],
    answers: { 200: casework.caseDetail },
    problems: NOT_THEIRS,
    handle: getCase,
  }),
  post('/v1/cases/:id/actions', {
    tag: 'Cases',
    summary: 'Takes a case one step on; which steps are whose is the case’s state’s affair.',
    callers: ['clerk'],
    body: casework.caseActionRequest,
    answers: { 200: casework.caseView },
    problems: { ...STEP_PROBLEMS, 422: problem },
    handle: takeCaseAction,
  }),
  post('/v1/cases/:id/decision', {
    tag: 'Cases',
    summary: 'Decides a case, once; what is granted is entered in the home fund’s book as owed to the person.',
    callers: ['clerk'],
    body: casework.caseDecisionRequest,
    answers: { 200: casework.caseView },
    problems: STEP_PROBLEMS,
    handle: decideOnCase,
  }),
  post('/v1/cases/:id/payment', {
    tag: 'Cases',
    summary: 'Enters that what was granted is paid; by another clerk than the one who decided.',
    callers: ['clerk'],
    body: casework.casePaymentRequest,
    answers: { 200: casework.caseView },
    problems: STEP_PROBLEMS,
    handle: payForCase,
  }),
  post('/v1/cases/:id/items/:item/verification', {
    tag: 'Cases',
    summary: 'Ticks an item of the checklist as verified, or takes the tick back.',
    callers: ['clerk'],
    body: casework.verificationRequest,
    answers: { 200: casework.caseView },
    problems: { ...STEP_PROBLEMS, 422: problem },
    handle: verifyCaseItem,
  }),
  upload('/v1/cases/:id/materials', {
    tag: 'Cases',
    summary:
      'Hands in a file for an item of the checklist. Its type is told from its bytes and must be the declared one.',
    callers: ['clerk'],
    query: casework.addMaterialQuery,
    takes: { what: 'A whole PDF, JPEG or PNG', mediaTypes: MATERIAL_TYPES, bytesMax: MATERIAL_MAX_BYTES },
    answers: { 201: casework.addedMaterial },
    problems: STEP_PROBLEMS,
    receive: uploadMaterial,
  }),
  download('/v1/cases/:id/materials/:material', {
    tag: 'Cases',
    summary: 'The file of a material, for saving. Who looks, when and why is kept.',
    callers: ['clerk'],
    query: casework.readMaterialQuery,
    gives: { what: 'The file as it was handed in', mediaTypes: MATERIAL_TYPES },
    problems: { 404: problem, 410: problem },
    send: downloadMaterial,
  }),
  get('/v1/cases/:id/materials/:material/looks', {
    tag: 'Cases',
    summary: 'Who looked at a material, when and why.',
    callers: ['clerk'],
    answers: { 200: casework.lookList },
    problems: NOT_THEIRS,
    handle: listLooks,
  }),
  get('/v1/guides', {
    tag: 'Guides',
    summary: 'Handling guides of counties side by side; each entry is marked same, differs or only in one.',
    callers: ['institution', 'fund', 'clerk', 'operator'],
    query: casework.guidesQuery,
    answers: { 200: casework.guideComparison },
    handle: compareHandlingGuides,
  }),
];
