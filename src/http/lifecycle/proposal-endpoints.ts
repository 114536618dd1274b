import { handOverObjections } from '../../app/casework/hand-over-objections.ts';
import { caseOpenerOf } from '../../app/casework/open-for-engine.ts';
import { checkProposal } from '../../app/lifecycle/check-proposal.ts';
import { deskOf } from '../../app/lifecycle/desk-of.ts';
import { makeProposal, type Made } from '../../app/lifecycle/make-proposal.ts';
import type { Act, BankReturn, Subject } from '../../app/lifecycle/ports.ts';
import type { Fen } from '../../core/money/fen.ts';
import { invalidInput, notFound } from '../../platform/errors.ts';
import { fenOf } from '../amount-field.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type * as life from '../schemas/lifecycle.ts';
import { presentProposal } from './present-life.ts';

function replyOf({ proposal, repeat }: Made): Reply<life.ProposalView> {
  return { status: repeat ? 200 : 201, body: presentProposal(proposal) };
}

async function propose(
  { lifecycle }: HttpDeps,
  { caller }: Call,
  subject: Subject,
  act: Act,
): Promise<Reply<life.ProposalView>> {
  return replyOf(await makeProposal(lifecycle, { ...deskOf(caller), subject, act }));
}

function positiveFenOf(field: string, text: string): Fen {
  const amount = fenOf(field, text);
  if (amount > 0) return amount;
  throw invalidInput([{ field, problem: 'is not more than 0.00' }]);
}

const idOf = ({ params }: Call): string => params['id'] ?? '';

/** POST /v1/statements/:id/confirmation */
export function confirmStatement(deps: HttpDeps, call: Call<life.ConfirmationRequest>) {
  const act: Act = { act: 'confirm', payable: fenOf('payable', call.body.payable) };
  return propose(deps, call, { kind: 'statement', id: idOf(call) }, act);
}

/** POST /v1/statements/:id/withdrawal */
export function withdrawConfirmation(deps: HttpDeps, call: Call<life.WordsRequest>) {
  return propose(deps, call, { kind: 'statement', id: idOf(call) }, { act: 'withdraw', words: call.body.words });
}

/** POST /v1/statements/:id/objections */
export function objectToItems(deps: HttpDeps, call: Call<life.ObjectionRequest>) {
  return propose(deps, call, { kind: 'statement', id: idOf(call) }, { act: 'object', items: call.body.items });
}

/** POST /v1/objections/:id/answer */
export function answerObjection(deps: HttpDeps, call: Call<life.AnswerRequest>) {
  const { accepted, words } = call.body;
  return propose(deps, call, { kind: 'objection', id: idOf(call) }, { act: 'answer', accepted, words });
}

/** POST /v1/objections/:id/decision */
export function decideObjection(deps: HttpDeps, call: Call<life.DecisionRequest>) {
  const { outcome, amount: text, words } = call.body;
  const amount = text === undefined ? undefined : fenOf('amount', text);
  return propose(deps, call, { kind: 'objection', id: idOf(call) }, { act: 'decide', outcome, amount, words });
}

/** POST /v1/payments/:id/dispatch */
export function dispatchPayment(deps: HttpDeps, call: Call) {
  return propose(deps, call, { kind: 'payment', id: idOf(call) }, { act: 'send' });
}

function bankReturnOf({ amount, bank, reference, valueDate }: life.BankReturnRequest): BankReturn {
  return { amount: positiveFenOf('amount', amount), bank, reference, valueDate };
}

/** POST /v1/payments/:id/return */
export function recordPayment(deps: HttpDeps, call: Call<life.BankReturnRequest>) {
  return propose(deps, call, { kind: 'payment', id: idOf(call) }, { act: 'return', ...bankReturnOf(call.body) });
}

/** POST /v1/prefunds/:home/:treatment/requests */
export function requestTopUp(deps: HttpDeps, call: Call<life.TopUpRequest>) {
  const { home = '', treatment = '' } = call.params;
  if (deps.findCounty(home) === undefined || deps.findCounty(treatment) === undefined || home === treatment) {
    throw notFound('prefund');
  }
  const act: Act = { act: 'request', amount: positiveFenOf('amount', call.body.amount), words: call.body.words };
  return propose(deps, call, { kind: 'prefund', id: `${home}-${treatment}` }, act);
}

/** POST /v1/prefund-requests/:id/review */
export function reviewRequest(deps: HttpDeps, call: Call<life.ReviewRequest>) {
  const act: Act = { act: 'review', granted: fenOf('granted', call.body.granted), words: call.body.words };
  return propose(deps, call, { kind: 'request', id: idOf(call) }, act);
}

/** POST /v1/prefund-requests/:id/payment */
export function payRequest(deps: HttpDeps, call: Call<life.BankReturnRequest>) {
  return propose(deps, call, { kind: 'request', id: idOf(call) }, { act: 'pay', ...bankReturnOf(call.body) });
}

/** POST /v1/proposals/:id/approval: done in the same breath. */
export async function approveProposal(
  { lifecycle, casework }: HttpDeps,
  call: Call,
): Promise<Reply<life.ProposalView>> {
  const made = await checkProposal(lifecycle, { ...deskOf(call.caller), proposalId: idOf(call) });
  if (made.proposal.content.act === 'decide') {
    await handOverObjections({ cases: casework.cases, opener: caseOpenerOf(casework) });
  }
  return { status: 200, body: presentProposal(made.proposal) };
}

/** POST /v1/proposals/:id/sending-back */
export async function sendBackProposal(
  { lifecycle }: HttpDeps,
  call: Call<life.SendBackRequest>,
): Promise<Reply<life.ProposalView>> {
  const command = { ...deskOf(call.caller), proposalId: idOf(call), sendBack: call.body.reason };
  const made = await checkProposal(lifecycle, command);
  return { status: 200, body: presentProposal(made.proposal) };
}

const PROPOSALS_SHOWN = 100;

/** GET /v1/proposals: of the caller's own desk. */
export async function listProposals(
  { lifecycle }: HttpDeps,
  { caller, query }: Call<unknown, life.ProposalsQuery>,
): Promise<Reply<life.ProposalList>> {
  const { desk } = deskOf(caller);
  const found = await lifecycle.lifeQueries.proposals(desk, query.state, query.limit ?? PROPOSALS_SHOWN);
  return { status: 200, body: { proposals: found.map(presentProposal) } };
}

/** GET /v1/proposals/:id */
export async function getProposal({ lifecycle }: HttpDeps, call: Call): Promise<Reply<life.ProposalView>> {
  const found = await lifecycle.lifeQueries.proposal(idOf(call));
  if (found?.desk !== deskOf(call.caller).desk) throw notFound('proposal');
  return { status: 200, body: presentProposal(found) };
}
