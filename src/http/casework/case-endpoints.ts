import { actOnCase } from '../../app/casework/act-on-case.ts';
import { findCase } from '../../app/casework/change-case.ts';
import { decideCase } from '../../app/casework/decide-case.ts';
import { openCase } from '../../app/casework/open-case.ts';
import { payCase } from '../../app/casework/pay-case.ts';
import type { CaseActor, CaseRecord } from '../../app/casework/ports.ts';
import { verifyItem } from '../../app/casework/verify-item.ts';
import { countyOf } from '../../app/county-of.ts';
import type { PersonRecord, Principal } from '../../app/ports.ts';
import { invariant } from '../../core/invariant.ts';
import { FUNDS, type Fund } from '../../core/policy/terms.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { invalidInput, notFound, type FieldProblem } from '../../platform/errors.ts';
import { fenOf } from '../amount-field.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type {
  CaseActionRequest,
  CaseDecisionRequest,
  CaseDetail,
  CaseList,
  CaseListQuery,
  CasePaymentRequest,
  CaseRequest,
  CaseView,
  DueCasesQuery,
  ServiceCounts,
  ServiceCountsQuery,
  VerificationRequest,
} from '../schemas/casework.ts';
import { presentCase, presentCaseFile } from './present-case.ts';

const CASES_SHOWN = 50;

/** A clerk as one who acts on cases. */
export function actorOf(caller: Principal): CaseActor & { readonly region: string } {
  const region = countyOf(caller);
  invariant(region !== undefined, 'a clerk has a county');
  return { id: caller.id, region };
}

function replyWith(deps: HttpDeps, status: number, record: CaseRecord): Reply<CaseView> {
  return { status, body: presentCase(record, shanghaiDate(deps.clock.now())) };
}

/** What a request refers to and is not there. Whose a settlement is, is told to nobody who names another's. */
async function checkReferences(
  { persons, queries, findInstitution }: HttpDeps,
  { personId, institutionId, settlementId }: CaseRequest,
): Promise<PersonRecord> {
  const problems: FieldProblem[] = [];
  const found = await persons.find(personId);
  if (found === undefined) problems.push({ field: 'personId', problem: 'is not a person that we know' });
  if (institutionId !== undefined && findInstitution(institutionId) === undefined) {
    problems.push({ field: 'institutionId', problem: 'is not an institution that we know' });
  }
  if (settlementId !== undefined) {
    const settlement = await queries.byId(settlementId);
    if (settlement?.row.personId !== personId) {
      problems.push({ field: 'settlementId', problem: 'is not a settlement of this person' });
    }
  }
  if (found === undefined || problems.length > 0) throw invalidInput(problems);
  return found.person;
}

/** POST /v1/cases: a clerk hands over to the person's home county; the same request key again finds the same case. */
export async function openCaseAtWindow(deps: HttpDeps, { caller, body }: Call<CaseRequest>): Promise<Reply<CaseView>> {
  const actor = actorOf(caller);
  const { homeRegion } = await checkReferences(deps, body);
  const { requestKey, claimed, ...said } = body;
  const { record, isNew } = await openCase(deps.casework, {
    ...said,
    reasonText: body.reasonText ?? '',
    // Keys are each county's own.
    subjectId: `${actor.region}/${requestKey}`,
    claimed: fenOf('claimed', claimed),
    openingRegion: actor.region,
    decidingRegion: homeRegion,
    openedBy: actor,
  });
  return replyWith(deps, isNew ? 201 : 200, record);
}

/** GET /v1/cases: those of the clerk's county, on either side, newest first. */
export async function listCases(
  deps: HttpDeps,
  { caller, query }: Call<unknown, CaseListQuery>,
): Promise<Reply<CaseList>> {
  const { state, before, limit = CASES_SHOWN } = query;
  const { region } = actorOf(caller);
  const found = await deps.casework.cases.list({ region, state, before, limit });
  const today = shanghaiDate(deps.clock.now());
  const nextBefore = found.length === limit ? found.at(-1)?.caseId : undefined;
  return { status: 200, body: { cases: found.map((record) => presentCase(record, today)), nextBefore } };
}

/** GET /v1/cases/due: what is due or overdue, the longest overdue first. */
export async function listDueCases(
  deps: HttpDeps,
  { caller, query }: Call<unknown, DueCasesQuery>,
): Promise<Reply<CaseList>> {
  const today = shanghaiDate(deps.clock.now());
  const { by = today, limit = CASES_SHOWN } = query;
  const found = await deps.casework.cases.due(actorOf(caller).region, by, limit);
  return { status: 200, body: { cases: found.map((record) => presentCase(record, today)) } };
}

/** GET /v1/cases/:id: the case with checklist, materials and history. */
export async function getCase(deps: HttpDeps, { caller, params }: Call): Promise<Reply<CaseDetail>> {
  const actor = actorOf(caller);
  const { caseId } = await findCase(deps.casework, params['id'] ?? '', actor);
  const file = await deps.casework.cases.file(caseId);
  if (file === undefined) throw notFound('case');
  const today = shanghaiDate(deps.clock.now());
  return { status: 200, body: presentCaseFile(file, actor, deps.casework.handlingRules(), today) };
}

/** POST /v1/cases/:id/actions: one step on. */
export async function takeCaseAction(
  deps: HttpDeps,
  { caller, params, body }: Call<CaseActionRequest>,
): Promise<Reply<CaseView>> {
  const { version, action, note = '' } = body;
  const command = { caseId: params['id'] ?? '', version, action, actor: actorOf(caller), note };
  return replyWith(deps, 200, await actOnCase(deps.casework, command));
}

/** POST /v1/cases/:id/decision: granted, granted in part or refused, once. */
export async function decideOnCase(
  deps: HttpDeps,
  { caller, params, body }: Call<CaseDecisionRequest>,
): Promise<Reply<CaseView>> {
  const { version, outcome, funds: said = {}, note } = body;
  const shares = FUNDS.map((fund) => [fund, fenOf(`funds.${fund}`, said[fund] ?? '0.00')]);
  const funds = Object.fromEntries(shares) as Record<Fund, number>;
  const command = { caseId: params['id'] ?? '', version, outcome, funds, actor: actorOf(caller), note };
  return replyWith(deps, 200, await decideCase(deps.casework, command));
}

/** POST /v1/cases/:id/payment: what was granted has been paid. */
export async function payForCase(
  deps: HttpDeps,
  { caller, params, body }: Call<CasePaymentRequest>,
): Promise<Reply<CaseView>> {
  const { version, reference, note = '' } = body;
  const command = { caseId: params['id'] ?? '', version, reference, actor: actorOf(caller), note };
  return replyWith(deps, 200, await payCase(deps.casework, command));
}

/** POST /v1/cases/:id/items/:item/verification: ticks an item of the checklist, or takes the tick back. */
export async function verifyCaseItem(
  deps: HttpDeps,
  { caller, params, body }: Call<VerificationRequest>,
): Promise<Reply<CaseView>> {
  const { version, verified: isVerified, note = '' } = body;
  const [caseId, itemId] = [params['id'] ?? '', params['item'] ?? ''];
  const command = { caseId, itemId, version, isVerified, actor: actorOf(caller), note };
  return replyWith(deps, 200, await verifyItem(deps.casework, command));
}

/** GET /v1/cases/counts: services by form, pair of counties and month; a county sees the pairs that it is part of. */
export async function countServices(
  deps: HttpDeps,
  { caller, query }: Call<unknown, ServiceCountsQuery>,
): Promise<Reply<ServiceCounts>> {
  const counts = await deps.casework.cases.counts(query.from, query.to);
  const county = countyOf(caller);
  const isSeen = (regions: readonly string[]): boolean => county === undefined || regions.includes(county);
  const seen = counts.filter(({ openingRegion, decidingRegion }) => isSeen([openingRegion, decidingRegion]));
  return { status: 200, body: { counts: [...seen] } };
}
