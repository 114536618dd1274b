import { dueOf } from '../../core/casework/handling-rules.ts';
import { moveCase, possibleActions, type CaseAction, type CaseSide } from '../../core/lifecycle/case-states.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import type { CaseActor, CaseChange, CaseRecord } from './ports.ts';

/** The sides of a case that somebody can act for: a county that treats its own people is both. */
export function sidesOf({ region }: CaseActor, { openingRegion, decidingRegion }: CaseRecord): CaseSide[] {
  if (region === undefined) return ['engine'];
  return [
    ...(region === openingRegion ? (['opening'] as const) : []),
    ...(region === decidingRegion ? (['deciding'] as const) : []),
  ];
}

/** What the actor can do with the case as it stands. */
export function actionsFor(actor: CaseActor, record: CaseRecord): CaseAction[] {
  const { state, serviceForm: form, granted } = record;
  return possibleActions({ state, form, granted }, sidesOf(actor, record));
}

/** What the change brings beside the step itself. */
export interface CaseStep {
  readonly action: CaseAction;
  readonly actor: CaseActor;
  readonly note: string;
  readonly about?: string | undefined;
  /** Members of the record that the step sets. */
  readonly sets?: Partial<Pick<CaseRecord, 'granted' | 'funds' | 'decidedBy'>>;
}

/**
 * The case that somebody may see.
 *
 * @throws AppError NOT_FOUND, also for a case of two other counties
 */
export async function findCase(
  { cases }: Pick<CaseworkDeps, 'cases'>,
  caseId: string,
  actor: CaseActor,
): Promise<CaseRecord> {
  const record = await cases.byId(caseId);
  if (record === undefined || sidesOf(actor, record).length === 0) throw notFound('case');
  return record;
}

/** 409: somebody changed the case since it was read. */
export function caseChanged({ version }: Pick<CaseRecord, 'version'>): AppError {
  return new AppError('CASE_CHANGED', 'the case was changed since it was read', {
    status: 409,
    help: 'read the case again and decide again',
    extra: { version },
  });
}

function refusal(record: CaseRecord, { action, actor }: CaseStep, why: 'wrongState' | 'wrongSide'): AppError {
  const { state } = record;
  const extra = { state, possible: actionsFor(actor, record) };
  if (why === 'wrongSide') {
    return new AppError('OTHER_COUNTYS_STEP', `"${action}" is not for this county while the case is ${state}`, {
      status: 403,
      help: 'the other county of the case takes this step',
      extra,
    });
  }
  return new AppError('WRONG_CASE_STATE', `"${action}" is not possible while the case is ${state}`, {
    status: 409,
    help: 'read the case again: what is possible now is listed',
    extra,
  });
}

/**
 * Works out one step of a case: the record afterwards and the event that tells of it. Writes nothing.
 *
 * @throws AppError WRONG_CASE_STATE, OTHER_COUNTYS_STEP
 */
export function planStep(
  { handlingRules, clock }: Pick<CaseworkDeps, 'handlingRules' | 'clock'>,
  before: CaseRecord,
  step: CaseStep,
): CaseChange {
  const { action, actor, note, about, sets } = step;
  const { state: from, serviceForm: form, granted } = before;
  const move = moveCase({ state: from, form, granted }, action, sidesOf(actor, before));
  if (!move.ok) throw refusal(before, step, move.refusal);
  const nowMs = clock.now();
  const set = { ...before, ...sets, state: move.to };
  const due =
    move.to === from
      ? {}
      : dueOf(handlingRules(), before, { state: move.to, form, granted: set.granted }, shanghaiDate(nowMs));
  const version = before.version + 1;
  return {
    record: { ...set, ...due, changedAtMs: nowMs, version },
    event: {
      seq: version,
      action,
      side: move.side,
      doneBy: actor.id,
      region: actor.region,
      from,
      to: move.to,
      doneAtMs: nowMs,
      about,
      note,
    },
  };
}

/**
 * Writes a change, unless somebody was faster.
 *
 * @throws AppError CASE_CHANGED; what the store throws
 */
export async function writeChange({ cases }: Pick<CaseworkDeps, 'cases'>, change: CaseChange): Promise<CaseRecord> {
  if (await cases.change(change)) return change.record;
  throw caseChanged((await cases.byId(change.record.caseId)) ?? change.record);
}
