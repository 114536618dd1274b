import { countyOf } from '../../app/county-of.ts';
import type { Principal } from '../../app/ports.ts';
import { closeRun } from '../../app/reconciliation/close-run.ts';
import { acceptDifference, refuseDifference, type DecideCommand } from '../../app/reconciliation/decide-difference.ts';
import { reconcileTotals } from '../../app/reconciliation/reconcile-totals.ts';
import { resultText } from '../../app/reconciliation/result-file.ts';
import { visibleRun } from '../../app/reconciliation/visibility.ts';
import { STATEMENT_RESULTS } from '../../core/reconcile/totals.ts';
import type { FileSource } from '../../core/reconcile/rows.ts';
import { invalidInput, notFound } from '../../platform/errors.ts';
import { zipText } from '../../platform/zip-writer.ts';
import { fenOf } from '../amount-field.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, FileCall, Reply, SentFile } from '../route.ts';
import type {
  DifferenceDecision,
  DifferenceList,
  DifferencesQuery,
  DifferenceView,
  ReconciliationFileQuery,
  ReconciliationRunList,
  ReconciliationRunsQuery,
  ReconciliationRunView,
  ResultQuery,
  TotalsComparisonView,
  TotalsRequest,
} from '../schemas/reconciliation.ts';
import { presentDifference, presentRun, presentTotals } from './present-reconciliation.ts';

interface Party {
  readonly source: FileSource;
  readonly party: string;
  readonly region: string;
}

/** Whether a caller may speak for a party of a region. */
function speaksFor(caller: Principal, { source, party, region }: Party): boolean {
  if (caller.kind === 'operator') return true;
  if (caller.kind === 'institution') return source === 'institution' && party === caller.id;
  return countyOf(caller) === region;
}

/**
 * Whose file it is: the caller's own unless they say, within what they may speak for.
 *
 * @throws AppError INVALID_INPUT, NOT_FOUND
 */
function partyOf(deps: HttpDeps, caller: Principal, asked: ReconciliationFileQuery): Party {
  const source = asked.source ?? (caller.kind === 'institution' ? 'institution' : 'fund');
  const own = caller.kind === 'institution' ? caller.id : countyOf(caller);
  const isOwnKind = (source === 'institution') === (caller.kind === 'institution');
  const party = asked.party ?? (isOwnKind ? own : undefined);
  if (party === undefined) throw invalidInput([{ field: 'party', problem: 'is missing' }]);
  const region = source === 'institution' ? deps.findInstitution(party)?.region : deps.findCounty(party)?.code;
  const found = region === undefined ? undefined : { source, party, region };
  if (found === undefined || !speaksFor(caller, found)) throw notFound(source);
  return found;
}

const FILE_NAMES: Readonly<Record<string, string>> = {
  'text/csv': 'file.csv',
  'application/zip': 'file.zip',
  'text/tab-separated-values': 'file.txt',
};

/** POST /v1/reconciliation-files: takes a file and works it off in the background. */
export async function sendReconciliationFile(
  deps: HttpDeps,
  { caller, query, file }: FileCall<ReconciliationFileQuery>,
): Promise<Reply<ReconciliationRunView>> {
  const about = partyOf(deps, caller, query);
  // The name decides how an unpacked file is read, and the declared type is more to be trusted.
  const typed = FILE_NAMES[file.mediaType] ?? 'file';
  const suffix = typed.slice('file'.length);
  const { fileName = typed, businessDate } = query;
  const named = fileName.toLowerCase().endsWith(suffix) ? fileName : `${fileName}${suffix}`;
  const sent = { ...about, businessDate, fileName: named, sentBy: caller.id };
  const { run, isNew } = await deps.reconciliation.files.submit(sent, file.content);
  return { status: isNew ? 202 : 200, body: presentRun(run) };
}

const RUNS_SHOWN = 50;

/** GET /v1/reconciliation-runs: the caller's, newest first. */
export async function listReconciliationRuns(
  { reconciliation: { runs } }: HttpDeps,
  { caller, query }: Call<unknown, ReconciliationRunsQuery>,
): Promise<Reply<ReconciliationRunList>> {
  const limit = query.limit ?? RUNS_SHOWN;
  const own = caller.kind === 'institution' ? { source: 'institution' as const, party: caller.id } : {};
  const found = await runs.list({ ...own, region: countyOf(caller), limit });
  return { status: 200, body: { runs: found.map(presentRun) } };
}

function runIdOf(params: Readonly<Record<string, string>>): number {
  const id = params['id'] ?? '';
  if (!/^[1-9]\d{0,8}$/.test(id)) throw notFound('reconciliation run');
  return Number(id);
}

/** GET /v1/reconciliation-runs/:id: how far it is, what is wrong with the file, how the totals compare. */
export async function getReconciliationRun(
  { reconciliation }: HttpDeps,
  { caller, params }: Call,
): Promise<Reply<ReconciliationRunView>> {
  return { status: 200, body: presentRun(await visibleRun(reconciliation, caller, runIdOf(params))) };
}

/** POST /v1/reconciliation-runs/:id/closing: the period is reconciled for its party. */
export async function closeReconciliationRun(
  { reconciliation: { runs }, clock }: HttpDeps,
  { caller, params }: Call<object>,
): Promise<Reply<ReconciliationRunView>> {
  return { status: 200, body: presentRun(await closeRun({ runs, clock }, caller, runIdOf(params))) };
}

/** GET /v1/reconciliation-runs/:id/result: what differs, in the form of 3202. */
export async function getReconciliationResult(
  { reconciliation: { runs, differences }, clock }: HttpDeps,
  { caller, params, query }: Omit<Call<undefined, ResultQuery>, 'body'>,
): Promise<SentFile> {
  const { runId, businessDate, party } = await visibleRun({ runs }, caller, runIdOf(params));
  const content = resultText({ differences }, runId, query.codes ?? 'sixDigits');
  return {
    mediaType: 'application/zip',
    name: `result-${party}-${businessDate}.zip`,
    bytes: undefined,
    content: zipText('result.txt', content, new Date(clock.now())),
  };
}

function differenceKey(id: string): { runId: number; differenceNo: number } {
  const match = /^([1-9]\d{0,8})-([1-9]\d{0,8})$/.exec(id);
  if (match === null) throw notFound('difference');
  return { runId: Number(match[1]), differenceNo: Number(match[2]) };
}

const DIFFERENCES_SHOWN = 100;

/** GET /v1/reconciliation-differences: of the caller's runs, people and institutions. */
export async function listDifferences(
  { reconciliation: { differences } }: HttpDeps,
  { caller, query }: Call<unknown, DifferencesQuery>,
): Promise<Reply<DifferenceList>> {
  const limit = query.limit ?? DIFFERENCES_SHOWN;
  const found = await differences.list({
    runId: query.runId,
    class: query.class,
    state: query.state,
    party: caller.kind === 'institution' ? caller.id : undefined,
    region: countyOf(caller),
    after: query.after === undefined ? undefined : differenceKey(query.after),
    limit,
  });
  const shown = found.map(presentDifference);
  return {
    status: 200,
    body: { differences: shown, nextAfter: shown.length === limit ? shown.at(-1)?.differenceId : undefined },
  };
}

function commandOf({ caller, params, body }: Call<DifferenceDecision>): DecideCommand {
  return { caller, ...differenceKey(params['id'] ?? ''), reason: body.reason };
}

/** POST /v1/reconciliation-differences/:id/acceptance: accept the proposed correction, or be the first of two to do so. */
export async function acceptCorrection(
  { reconciliation }: HttpDeps,
  call: Call<DifferenceDecision>,
): Promise<Reply<DifferenceView>> {
  return { status: 200, body: presentDifference(await acceptDifference(reconciliation.decide, commandOf(call))) };
}

/** POST /v1/reconciliation-differences/:id/refusal: refuse it and say why. */
export async function refuseCorrection(
  { reconciliation }: HttpDeps,
  call: Call<DifferenceDecision>,
): Promise<Reply<DifferenceView>> {
  return { status: 200, body: presentDifference(await refuseDifference(reconciliation.decide, commandOf(call))) };
}

/** POST /v1/reconciliation-totals: four figures of a group of settlements, compared with ours (3201). */
export async function compareReconciliationTotals(
  deps: HttpDeps,
  { caller, body }: Call<TotalsRequest>,
): Promise<Reply<TotalsComparisonView>> {
  const { institutionId: asked, from, to, scheme, clearingType, refund, settlements } = body;
  if (from > to) throw invalidInput([{ field: 'to', problem: 'is before from' }]);
  const institutionId = asked ?? (caller.kind === 'institution' ? caller.id : undefined);
  if (institutionId === undefined) throw invalidInput([{ field: 'institutionId', problem: 'is missing' }]);
  const region = deps.findInstitution(institutionId)?.region;
  if (region === undefined || !speaksFor(caller, { source: 'institution', party: institutionId, region })) {
    throw notFound('institution');
  }
  const of = (figure: 'total' | 'fundTotal' | 'account') => fenOf(figure, body[figure]);
  const theirs = { settlements, total: of('total'), fundTotal: of('fundTotal'), account: of('account') };
  const question = { institutionId, from, to, scheme, clearingType, refund };
  const { result, ours } = await reconcileTotals(deps.reconciliation, question, theirs);
  const { oneDigit, sixDigits } = STATEMENT_RESULTS[result];
  return { status: 200, body: { result, stmtRslt: oneDigit, stmtRsltSixDigits: sixDigits, ours: presentTotals(ours) } };
}
