import { countyOf, isPartyOf } from '../../app/county-of.ts';
import { adjustmentHash } from '../../app/lifecycle/export-statement.ts';
import { deskOf } from '../../app/lifecycle/desk-of.ts';
import { instructPayments } from '../../app/lifecycle/instruct-payments.ts';
import { listDeadlines, objectionDeadlines, statementDeadlines } from '../../app/lifecycle/list-deadlines.ts';
import { liquidateYear, makeNotices } from '../../app/lifecycle/make-notices.ts';
import type { Pair } from '../../app/lifecycle/ports.ts';
import { payableOf } from '../../app/lifecycle/statement-acts.ts';
import { listPrefunds as listStandings } from '../../app/lifecycle/list-prefunds.ts';
import { resizePrefunds } from '../../app/lifecycle/resize-prefunds.ts';
import type { Principal } from '../../app/ports.ts';
import { enteredBy } from '../../core/ledger/journal.ts';
import type { Ratio } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { notFound } from '../../platform/errors.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type * as life from '../schemas/lifecycle.ts';
import { presentDeadline, presentObjection, presentPayment, presentRequest, presentSums } from './present-life.ts';

const SHOWN = 500;

function isOwn(caller: Principal) {
  return ({ homeRegion, treatmentRegion }: Pair): boolean => isPartyOf(caller, homeRegion, treatmentRegion);
}

function listed(caller: Principal, limit: number | undefined): { county: string | undefined; limit: number } {
  return { county: countyOf(caller), limit: limit ?? SHOWN };
}

/** GET /v1/statements/:id/life: where a statement is, what is disputed, what came into it, what is to be done by when. */
export async function getStatementLife(
  { lifecycle, clock }: HttpDeps,
  { caller, params }: Call,
): Promise<Reply<life.StatementLifeView>> {
  const { lifeQueries, clearing } = lifecycle;
  const statement = await lifeQueries.statement(params['id'] ?? '');
  if (statement === undefined || !isOwn(caller)(statement)) throw notFound('statement');
  const [objections, adjustments] = await Promise.all([
    lifeQueries.objectionsOf(statement.statementId),
    clearing.adjustments(statement.windowId),
  ]);
  const calendar = lifecycle.calendar();
  const deadlines = [
    ...statementDeadlines(calendar, statement),
    ...objections
      .filter(({ state }) => state !== 'decided')
      .flatMap((objection) => objectionDeadlines(calendar, objection, clock.now())),
  ];
  const { owed, disputed, ...facts } = statement;
  const body = {
    ...facts,
    owed: formatFen(owed),
    disputed: formatFen(disputed),
    payable: formatFen(payableOf(statement)),
    adjustments: adjustments
      .filter((line) => line.homeRegion === facts.homeRegion && line.treatmentRegion === facts.treatmentRegion)
      .map((line) => ({
        objectionId: line.subjectId,
        kind: line.kind,
        institutionId: line.institutionId,
        scheme: line.scheme,
        layer: line.layer,
        amount: formatFen(line.amount),
        hash: adjustmentHash(line),
      })),
    objections: objections.map(presentObjection),
    deadlines: deadlines.map(({ step, desk, due }) => ({ step, desk, due })),
  };
  return { status: 200, body };
}

/** GET /v1/objections: those that are not decided, oldest first. */
export async function listObjections(
  { lifecycle }: HttpDeps,
  { caller, query }: Call<unknown, life.LimitQuery>,
): Promise<Reply<life.ObjectionList>> {
  const objections = await lifecycle.lifeQueries.openObjections(listed(caller, query.limit));
  return { status: 200, body: { objections: objections.map(presentObjection) } };
}

/** GET /v1/objections/:id */
export async function getObjection(
  { lifecycle }: HttpDeps,
  { caller, params }: Call,
): Promise<Reply<life.ObjectionView>> {
  const objection = await lifecycle.lifeQueries.objection(params['id'] ?? '');
  if (objection === undefined || !isOwn(caller)(objection)) throw notFound('objection');
  return { status: 200, body: presentObjection(objection) };
}

async function presentRun({ lifecycle }: HttpDeps, caller: Principal, runId: string): Promise<life.PaymentRunView> {
  const run = await lifecycle.lifeQueries.run(runId);
  if (run === undefined) throw notFound('payment run');
  const payments = await lifecycle.lifeQueries.payments(runId, listed(caller, SHOWN));
  const calendar = lifecycle.calendar();
  return {
    runId,
    statements: run.statements,
    itemsHash: run.itemsHash,
    instructedAt: shanghaiInstant(run.instructedAtMs),
    instructedBy: run.instructedBy,
    payments: payments.map((payment) => presentPayment(payment, calendar)),
  };
}

/** POST /v1/payment-runs: instructs the payments of a month; doing it again changes nothing. */
export async function instructMonth(
  deps: HttpDeps,
  { caller, body }: Call<life.MonthRequest>,
): Promise<Reply<life.PaymentRunView>> {
  const { person, desk } = deskOf(caller);
  await instructPayments(deps.lifecycle, body.month, enteredBy(person, desk));
  return { status: 200, body: await presentRun(deps, caller, body.month) };
}

/** GET /v1/payment-runs/:id: a county sees its own payments. */
export async function getPaymentRun(deps: HttpDeps, { caller, params }: Call): Promise<Reply<life.PaymentRunView>> {
  return { status: 200, body: await presentRun(deps, caller, params['id'] ?? '') };
}

/** 0.7 as "70.00". */
function percent(ratio: Ratio): string {
  return formatFen(ratio / 10_000);
}

/** GET /v1/prefunds: balance and usage, which are yellow or red, and which are due for this year's resizing. */
export async function listPrefunds(
  { lifecycle }: HttpDeps,
  { caller, query }: Call<unknown, life.MonthQuery>,
): Promise<Reply<life.PrefundList>> {
  const prefunds = await listStandings(lifecycle, query.month);
  const { yellowUsage, redUsage } = lifecycle.calendar();
  const body = {
    prefunds: prefunds.filter(isOwn(caller)).map(({ balance, cleared, usage, topUp, ...prefund }) => ({
      ...prefund,
      balance: formatFen(balance),
      cleared: formatFen(cleared),
      usage: usage === undefined ? undefined : formatFen(usage),
      topUp: formatFen(topUp),
    })),
    yellowFrom: percent(yellowUsage.value),
    redFrom: percent(redUsage.value),
  };
  return { status: 200, body };
}

/** GET /v1/prefund-requests: newest first. */
export async function listRequests(
  { lifecycle }: HttpDeps,
  { caller, query }: Call<unknown, life.LimitQuery>,
): Promise<Reply<life.PrefundRequestList>> {
  const requests = await lifecycle.lifeQueries.requests(listed(caller, query.limit));
  return { status: 200, body: { requests: requests.map(presentRequest) } };
}

/** POST /v1/prefund-resizings: asks for what every prefund lacks for a year, or has too much. */
export async function resizeYear(
  { lifecycle }: HttpDeps,
  { body }: Call<life.YearRequest>,
): Promise<Reply<life.PrefundRequestList>> {
  const requests = await resizePrefunds(lifecycle, body.year);
  return { status: 200, body: { requests: requests.map(presentRequest) } };
}

async function noticesOf(
  { lifecycle }: HttpDeps,
  caller: Principal,
  month: string,
): Promise<Reply<life.MonthlyNoticeList>> {
  const notices = (await lifecycle.calendarStore.notices(month)).filter(isOwn(caller));
  const body = { month, notices: notices.map((notice) => ({ ...presentSums(notice), lateItems: notice.lateItems })) };
  return { status: 200, body };
}

/** POST /v1/monthly-notices: makes the notices of a month; doing it again changes nothing. */
export async function makeMonthlyNotices(
  deps: HttpDeps,
  { caller, body }: Call<life.MonthRequest>,
): Promise<Reply<life.MonthlyNoticeList>> {
  await makeNotices(deps.lifecycle, body.month);
  return noticesOf(deps, caller, body.month);
}

/** GET /v1/monthly-notices/:month */
export function getMonthlyNotices(deps: HttpDeps, { caller, params }: Call): Promise<Reply<life.MonthlyNoticeList>> {
  const month = params['month'] ?? '';
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw notFound('month');
  return noticesOf(deps, caller, month);
}

async function liquidationsOf(
  { lifecycle }: HttpDeps,
  caller: Principal,
  year: number,
): Promise<Reply<life.LiquidationList>> {
  const own = (await lifecycle.calendarStore.liquidations(year)).filter(isOwn(caller));
  const liquidations = own.map((each) => ({
    ...presentSums(each),
    paid: formatFen(each.paid),
    prefund: formatFen(each.prefund),
  }));
  return { status: 200, body: { year, liquidations } };
}

/** POST /v1/yearly-liquidations: liquidates a year; doing it again changes nothing. */
export async function liquidate(
  deps: HttpDeps,
  { caller, body }: Call<life.YearRequest>,
): Promise<Reply<life.LiquidationList>> {
  await liquidateYear(deps.lifecycle, body.year);
  return liquidationsOf(deps, caller, body.year);
}

/** GET /v1/yearly-liquidations/:year */
export function getLiquidations(deps: HttpDeps, { caller, params }: Call): Promise<Reply<life.LiquidationList>> {
  const year = params['year'] ?? '';
  if (!/^\d{4}$/.test(year)) throw notFound('year');
  return liquidationsOf(deps, caller, Number(year));
}

/** GET /v1/deadlines: what is to be done by when; a county sees what it is to do itself. */
export async function getDeadlines(
  { lifecycle, clock }: HttpDeps,
  { caller, query }: Call<unknown, life.DeadlinesQuery>,
): Promise<Reply<life.DeadlineList>> {
  const all = await listDeadlines(lifecycle, listed(caller, query.limit));
  const wanted = query.overdue === undefined ? all : all.filter(({ overdue }) => overdue);
  return { status: 200, body: { today: shanghaiDate(clock.now()), deadlines: wanted.map(presentDeadline) } };
}
