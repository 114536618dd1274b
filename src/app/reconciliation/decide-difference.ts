import { adjustmentPostings, movesMoney } from '../../core/reconcile/correction.ts';
import { invariant } from '../../core/invariant.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { countyOf } from '../county-of.ts';
import type { Principal } from '../ports.ts';
import type { ReverseCommand, ReverseOutcome } from '../settlement/reverse-settlement.ts';
import type { AdjustmentSink, Decision, DifferenceStore, RecordedDifference, RunStore } from './ports.ts';
import { visibleDifference } from './visibility.ts';

/** What deciding needs from outside. */
export interface DecideDeps {
  readonly runs: Pick<RunStore, 'find'>;
  readonly differences: DifferenceStore;
  readonly adjustments: AdjustmentSink;
  readonly reverse: (command: ReverseCommand) => Promise<ReverseOutcome>;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** What a clerk decides about which difference, and why. */
export interface DecideCommand {
  readonly caller: Principal;
  readonly runId: number;
  readonly differenceNo: number;
  readonly reason: string;
}

function notDecidable({ state }: RecordedDifference, runState: string): AppError {
  const what = state === 'open' || state === 'proposed' ? `the run is ${runState}` : `it is ${state}`;
  return new AppError('NOT_DECIDABLE', `the difference can no longer be decided: ${what}`, { status: 409 });
}

/** Everything a decision starts from; the store decides once more, under lock, whether it still holds. */
async function prepare(deps: DecideDeps, { caller, runId, differenceNo, reason }: DecideCommand) {
  const { run, difference } = await visibleDifference(deps, caller, runId, differenceNo);
  const region = countyOf(caller);
  invariant(caller.kind === 'clerk' && region !== undefined, 'clerks decide');
  const isOpen = difference.state === 'open' || difference.state === 'proposed';
  if (run.state !== 'matched' || !isOpen) throw notDecidable(difference, run.state);
  const decision: Decision = { runId, differenceNo, by: caller.id, atMs: deps.clock.now(), reason };
  return { run, difference, decision, region };
}

async function decided(deps: DecideDeps, { runId, differenceNo }: Decision): Promise<RecordedDifference> {
  const difference = await deps.differences.find(runId, differenceNo);
  invariant(difference !== undefined, 'a difference does not go away');
  return difference;
}

async function held(deps: DecideDeps, decision: Decision, isDone: boolean): Promise<RecordedDifference> {
  const difference = await decided(deps, decision);
  if (isDone) return difference;
  const run = await deps.runs.find(decision.runId);
  throw notDecidable(difference, run?.state ?? 'gone');
}

/**
 * Who checks is not who made; and where two counties' books are moved, each of them has a say.
 *
 * @throws AppError SECOND_PERSON_NEEDED
 */
function requireChecker(
  { proposedBy, proposedRegion, homeRegion, treatmentRegion }: RecordedDifference,
  by: string,
  region: string,
) {
  const isSame = proposedBy === by && proposedRegion === region;
  const isOneSided = homeRegion !== treatmentRegion && proposedRegion === region;
  if (!isSame && !isOneSided) return;
  const who = isOneSided ? 'a clerk of the other county' : 'another clerk';
  throw new AppError('SECOND_PERSON_NEEDED', `${who} must agree: accepting moves money`, {
    status: 409,
    help: `proposed by ${proposedBy ?? 'nobody'} of ${region}`,
  });
}

/**
 * Accepts a proposed correction. Where no money moves, one clerk's word is recorded. Where money moves, the first clerk
 * proposes; the second, another person and of the other county where there are two, makes it so: an adjustment enters
 * postings and the open window's gross, a reversal is made as an institution would make it.
 *
 * @shape command → the difference, `proposed` or `accepted`
 * @throws AppError NOT_FOUND, NOT_DECIDABLE, SECOND_PERSON_NEEDED, ALREADY_CORRECTED, ITEM_OBJECTED, LATER_BILLS_DEPEND (a reversal would
 *   change later bills), DATABASE_UNAVAILABLE (retryable)
 * @source design §9, §10
 */
export async function acceptDifference(deps: DecideDeps, command: DecideCommand): Promise<RecordedDifference> {
  const { difference, decision, region } = await prepare(deps, command);
  if (!movesMoney(difference.action)) return held(deps, decision, await deps.differences.accept(decision));
  if (difference.state === 'open') return held(deps, decision, await deps.differences.propose(decision, region));
  requireChecker(difference, decision.by, region);
  const isDone =
    difference.action === 'adjust'
      ? await adjust(deps, difference, decision, region)
      : await reverse(deps, difference, decision);
  return held(deps, decision, isDone);
}

async function adjust(
  { adjustments, newId }: DecideDeps,
  difference: RecordedDifference,
  decision: Decision,
  region: string,
): Promise<boolean> {
  const { ours, homeRegion, treatmentRegion, adjustBy, proposedBy, proposedRegion } = difference;
  invariant(
    ours !== undefined && homeRegion !== undefined && treatmentRegion !== undefined,
    'a settlement is adjusted',
  );
  const parties = { homeRegion, treatmentRegion, institutionId: ours.institutionId };
  const entry = {
    entryId: newId(),
    kind: 'correction' as const,
    subjectId: ours.settlementId,
    enteredAtMs: decision.atMs,
    enteredBy: `${proposedBy ?? ''}@${proposedRegion ?? ''} ${decision.by}@${region}`.slice(0, 80),
    reason: decision.reason,
    postings: adjustmentPostings(parties, adjustBy),
  };
  return adjustments.adjust(decision, entry, { ...parties, scheme: ours.scheme, amount: adjustBy });
}

/** The reversal is made first and is the same when it is made again: a process that dies in between is made good by the next try. */
async function reverse(
  deps: DecideDeps,
  { ours, runId, differenceNo }: RecordedDifference,
  decision: Decision,
): Promise<boolean> {
  invariant(ours !== undefined, 'a settlement is reversed');
  const { settlementId, institutionId } = ours;
  await deps.differences.requireUncorrected(settlementId);
  const outcome = await deps.reverse({
    settlementId,
    institutionId,
    reason: `reconciliation ${runId}-${differenceNo}`,
  });
  if (outcome.kind === 'dependents') {
    const dependents = outcome.dependents.map((dependent) => dependent.settlementId);
    throw new AppError('LATER_BILLS_DEPEND', 'later bills of the person would come out differently', {
      status: 409,
      help: 'reverse the later bills first, or refuse the correction',
      extra: { settlementIds: dependents },
    });
  }
  const reversalId = outcome.reversal.row.settlementId;
  return deps.differences.accept(decision, { reversalId, settlementId });
}

/**
 * Refuses a proposed correction and records why.
 *
 * @throws AppError NOT_FOUND, NOT_DECIDABLE
 */
export async function refuseDifference(deps: DecideDeps, command: DecideCommand): Promise<RecordedDifference> {
  const { decision } = await prepare(deps, command);
  return held(deps, decision, await deps.differences.refuse(decision));
}
