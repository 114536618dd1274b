import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import { isRefusal, refuse, type Refusal } from '../../core/lifecycle/refusal.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { performAct } from './acts.ts';
import type { DeskPerson } from './desk-of.ts';
import type { Act, LifeState, LifeStore, Proposal, Subject } from './ports.ts';

/** What making and checking proposals need from outside. */
export interface ProposalDeps {
  readonly life: Pick<LifeStore, 'transact'>;
  readonly calendar: () => ClearingCalendar;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What a clerk wants to be done. */
export interface MakeCommand extends DeskPerson {
  readonly subject: Subject;
  readonly act: Act;
}

/** A proposal, and whether it was there before. */
export interface Made {
  readonly proposal: Proposal;
  readonly repeat: boolean;
}

/** Refusals that say: what you ask for is so already. */
const DONE = /^ALREADY_|^NOT_CONFIRMED$/;

/** A refusal as callers see it: 403 for the wrong person, 409 for the wrong moment. */
export function refusalError({ refused, why }: Refusal): AppError {
  const status = refused === 'SAME_PERSON' || refused === 'OTHER_SIDE' ? 403 : 409;
  return new AppError(refused, why, { status });
}

/** Bills that an act needs to see. */
export function settlementsOf(act: Act): readonly string[] {
  return act.act === 'object' ? act.items.map(({ settlementId }) => settlementId) : [];
}

function isSame(proposal: Proposal, { desk, person, act }: MakeCommand): boolean {
  return (
    proposal.desk === desk && proposal.madeBy === person && JSON.stringify(proposal.content) === JSON.stringify(act)
  );
}

/** A proposal of the same desk that waits and would be at odds with a new one: the same act, or about the same items. */
function waitingFor({ proposals }: LifeState, { desk, act }: MakeCommand): Refusal | undefined {
  const items = new Set(settlementsOf(act));
  const inTheWay = proposals.find(
    ({ state, desk: own, content }) =>
      state === 'open' &&
      own === desk &&
      content.act === act.act &&
      (act.act !== 'object' || settlementsOf(content).some((id) => items.has(id))),
  );
  if (inTheWay === undefined) return undefined;
  return refuse('PROPOSAL_OPEN', `the proposal ${inTheWay.proposalId} waits for a check already`);
}

/**
 * A clerk proposes something; nothing happens until a second clerk of the same desk approves it. The same again by the same
 * clerk is answered with the proposal that is there, also when it was approved meanwhile.
 *
 * @shape subject, act, who → the proposal, and whether it is a repeat
 * @rejects what the act rejects, PROPOSAL_OPEN
 * @throws AppError NOT_FOUND for subjects that are not the desk's, and what the store throws
 */
export function makeProposal({ life, calendar, clock, newId }: ProposalDeps, command: MakeCommand): Promise<Made> {
  const { subject, act, desk, person } = command;
  return life.transact<Made>({ subject, settlementIds: settlementsOf(act) }, (state) => {
    const same = state.proposals.findLast((proposal) => isSame(proposal, command));
    if (same?.state === 'open') return { writes: undefined, result: { proposal: same, repeat: true } };
    const nowMs = clock.now();
    const outcome = performAct(state, subject, act, { desk, person, nowMs, newId, calendar: calendar() });
    if (outcome === 'hidden') throw notFound(subject.kind);
    if (isRefusal(outcome)) {
      // What was asked for is done already, by this very proposal.
      if (same?.state === 'approved' && DONE.test(outcome.refused))
        return { writes: undefined, result: { proposal: same, repeat: true } };
      throw refusalError(outcome);
    }
    const waiting = waitingFor(state, command);
    if (waiting !== undefined) throw refusalError(waiting);
    const proposal: Proposal = {
      proposalId: newId(),
      subject,
      content: act,
      desk,
      state: 'open',
      madeBy: person,
      madeAtMs: nowMs,
      checkedBy: undefined,
      checkedAtMs: undefined,
      reason: undefined,
    };
    return { writes: { proposal, atMs: nowMs }, result: { proposal, repeat: false } };
  });
}
