import { isRefusal } from '../../core/lifecycle/refusal.ts';
import { checkBy } from '../../core/lifecycle/proposals.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { performAct } from './acts.ts';
import type { DeskPerson } from './desk-of.ts';
import { refusalError, settlementsOf, type Made, type ProposalDeps } from './make-proposal.ts';
import type { Act, LifeQueries, Proposal } from './ports.ts';

/** What checking needs from outside. */
export interface CheckDeps extends ProposalDeps {
  readonly lifeQueries: Pick<LifeQueries, 'proposal'>;
}

/** A clerk's check of a proposal; with a reason it is sent back, without one approved. */
export interface CheckCommand extends DeskPerson {
  readonly proposalId: string;
  readonly sendBack?: string | undefined;
}

function isRepeat({ state, checkedBy, reason }: Proposal, { person, sendBack }: CheckCommand): boolean {
  return checkedBy === person && (sendBack === undefined ? state === 'approved' : reason === sendBack);
}

function namesReference({ act }: Act): boolean {
  return act === 'return' || act === 'pay';
}

/** The only thing that two payments cannot have in common is a bank's reference. */
function referenceUsed(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'UNIQUE_CONFLICT') return error;
  return new AppError('REFERENCE_USED', 'the bank reference stands at another payment', {
    status: 409,
    help: 'send the proposal back and enter the reference of this payment',
    cause: error,
  });
}

/**
 * A second clerk approves a proposal, which is done in the same transaction, or sends it back. What has become impossible
 * since it was made is refused, and the proposal stays open, to be sent back.
 *
 * @shape proposal, who → the proposal after the check, and whether it is a repeat
 * @rejects SAME_PERSON, ALREADY_APPROVED, SENT_BACK, REFERENCE_USED, and what the act rejects
 * @throws AppError NOT_FOUND for proposals of another desk, and what the store throws
 */
export async function checkProposal(
  { life, lifeQueries, calendar, clock, newId }: CheckDeps,
  command: CheckCommand,
): Promise<Made> {
  const { proposalId, desk, person, sendBack } = command;
  const found = await lifeQueries.proposal(proposalId);
  if (found?.desk !== desk) throw notFound('proposal');
  const { subject, content } = found;
  const done = life.transact<Made>({ subject, settlementIds: settlementsOf(content) }, (state) => {
    const current = state.proposals.find((proposal) => proposal.proposalId === proposalId);
    if (current === undefined) throw notFound('proposal');
    if (isRepeat(current, command)) return { writes: undefined, result: { proposal: current, repeat: true } };
    const refusal = checkBy(current, person);
    if (refusal !== undefined) throw refusalError(refusal);
    const nowMs = clock.now();
    const checked = { ...current, checkedBy: person, checkedAtMs: nowMs, reason: sendBack };
    if (sendBack !== undefined) {
      const proposal: Proposal = { ...checked, state: 'sentBack' };
      return { writes: { proposal, atMs: nowMs }, result: { proposal, repeat: false } };
    }
    const outcome = performAct(state, subject, content, { desk, person, nowMs, newId, calendar: calendar() });
    if (outcome === 'hidden') throw notFound(subject.kind);
    if (isRefusal(outcome)) throw refusalError(outcome);
    const proposal: Proposal = { ...checked, state: 'approved' };
    return { writes: { ...outcome.writes, proposal, atMs: nowMs }, result: { proposal, repeat: false } };
  });
  return done.catch((error: unknown) => {
    throw namesReference(content) ? referenceUsed(error) : error;
  });
}
