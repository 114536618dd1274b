import { countyOf } from '../../app/county-of.ts';
import {
  exportInstitutionStatement,
  exportPairStatement,
  type StatementExport,
} from '../../app/lifecycle/export-statement.ts';
import { statementsHash } from '../../app/lifecycle/instruct-payments.ts';
import type { Payment, StatementLife } from '../../app/lifecycle/ports.ts';
import { payableOf } from '../../app/lifecycle/statement-acts.ts';
import { payDue } from '../../core/lifecycle/deadlines.ts';
import { hasReached } from '../../core/lifecycle/window-states.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, SentFile } from '../route.ts';
import type * as life from '../schemas/lifecycle.ts';
import { isPartyOf } from './life-endpoints.ts';
import { csvCell, statementCsv, statementJson, statementXlsx } from './statement-files.ts';

const TYPES = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;

const WRITERS = { json: statementJson, csv: statementCsv, xlsx: statementXlsx } as const;

function fileOf(statement: StatementExport, format: life.StatementFileQuery['format']): SentFile {
  const name = `statement-${statement.statementId}.${format}`;
  return { mediaType: TYPES[format], name, bytes: undefined, content: WRITERS[format](statement) };
}

/** GET /v1/statements/:id/file: a pair's statement with every bill and its hash. */
export async function downloadStatement(
  { lifecycle, clearing }: HttpDeps,
  { caller, params, query }: Omit<Call<undefined, life.StatementFileQuery>, 'body'>,
): Promise<SentFile> {
  const statement = await clearing.statement(params['id'] ?? '');
  if (statement === undefined || !isPartyOf(caller, statement.homeRegion, statement.treatmentRegion)) {
    throw notFound('statement');
  }
  const window = await clearing.window(statement.windowId);
  if (window === undefined || !hasReached(window.state, 'issued')) throw notFound('statement');
  return fileOf(await exportPairStatement(lifecycle, statement), query.format);
}

/** GET /v1/windows/:id/institutions/:institution/file: what an institution gets for a window, bill by bill. */
export async function downloadInstitutionStatement(
  { lifecycle, clearing, findInstitution }: HttpDeps,
  { caller, params, query }: Omit<Call<undefined, life.StatementFileQuery>, 'body'>,
): Promise<SentFile> {
  const institution = findInstitution(params['institution'] ?? '');
  const isOwn =
    institution !== undefined &&
    (caller.kind === 'institution' ? caller.id === institution.id : isPartyOf(caller, institution.region));
  const id = params['id'] ?? '';
  const window = isOwn && /^\d{1,9}$/.test(id) ? await clearing.window(Number(id)) : undefined;
  if (institution === undefined || window === undefined) throw notFound('statement');
  if (!hasReached(window.state, 'issued')) {
    throw new AppError('WINDOW_NOT_ISSUED', `the window is ${window.state}: nothing is stated yet`, { status: 409 });
  }
  const { id: institutionId, region } = institution;
  return fileOf(await exportInstitutionStatement(lifecycle, window.windowId, institutionId, region), query.format);
}

interface Instruction {
  readonly reference: string;
  readonly payer: string;
  readonly payerName: string;
  readonly payee: string;
  readonly payeeName: string;
  readonly amount: string;
  readonly currency: 'CNY';
  readonly purpose: string;
  readonly due: string;
  /** Over the statements of the run that the payer is part of: they come to its net position. */
  readonly payerItemsHash: string;
  readonly payeeItemsHash: string;
}

function statementsOf(statements: readonly StatementLife[], region: string): readonly StatementLife[] {
  return statements.filter(({ homeRegion, treatmentRegion }) => homeRegion === region || treatmentRegion === region);
}

function instructionOf(
  { lifecycle, findCounty }: HttpDeps,
  payment: Payment,
  statements: readonly StatementLife[],
): Instruction {
  const { paymentId, payer, payee, amount, runId, instructedAtMs } = payment;
  return {
    reference: paymentId,
    payer,
    payerName: findCounty(payer)?.name ?? payer,
    payee,
    payeeName: findCounty(payee)?.name ?? payee,
    amount: formatFen(amount),
    currency: 'CNY',
    purpose: `异地就医医疗费用清算 ${runId}`,
    due: payDue(lifecycle.calendar(), shanghaiDate(instructedAtMs)),
    payerItemsHash: statementsHash(statementsOf(statements, payer)),
    payeeItemsHash: statementsHash(statementsOf(statements, payee)),
  };
}

const LINE_END = '\r\n';

async function* instructionsCsv(instructions: readonly Instruction[]): AsyncGenerator<string> {
  const columns = [
    'reference',
    'payer',
    'payerName',
    'payee',
    'payeeName',
    'amount',
    'currency',
    'purpose',
    'due',
    'payerItemsHash',
    'payeeItemsHash',
  ] as const;
  yield columns.join(',') + LINE_END;
  for (const each of instructions) {
    yield columns.map((column) => csvCell(each[column], column === 'amount')).join(',') + LINE_END;
  }
}

async function* instructionsJson(
  runId: string,
  instructions: readonly Instruction[],
  statements: readonly StatementLife[],
): AsyncGenerator<string> {
  const annex = statements.map((statement) => ({
    statementId: statement.statementId,
    homeRegion: statement.homeRegion,
    treatmentRegion: statement.treatmentRegion,
    itemsHash: statement.itemsHash,
    payable: formatFen(payableOf(statement)),
  }));
  yield `${JSON.stringify({ runId, instructions, statements: annex }, undefined, 1)}\n`;
}

/**
 * GET /v1/payment-runs/:id/instructions: what a payer's bank needs for each payment; as JSON with the caller's own statements,
 * which its hash is over and its net position comes from.
 */
export async function downloadInstructions(
  deps: HttpDeps,
  { caller, params, query }: Omit<Call<undefined, life.InstructionFileQuery>, 'body'>,
): Promise<SentFile> {
  const { lifeQueries } = deps.lifecycle;
  const runId = params['id'] ?? '';
  const run = await lifeQueries.run(runId);
  if (run === undefined) throw notFound('payment run');
  const payments = await lifeQueries.payments(runId, { county: countyOf(caller), limit: Number.MAX_SAFE_INTEGER });
  const statements = await lifeQueries.statementsOfRun(runId);
  const instructions = payments.map((payment) => instructionOf(deps, payment, statements));
  const name = `payments-${runId}.${query.format}`;
  if (query.format === 'csv') {
    return { mediaType: TYPES.csv, name, bytes: undefined, content: instructionsCsv(instructions) };
  }
  const county = countyOf(caller);
  const annex = county === undefined ? statements : statementsOf(statements, county);
  const content = instructionsJson(runId, instructions, annex);
  return { mediaType: TYPES.json, name, bytes: undefined, content };
}
