import { checklistFor } from '../../core/casework/handling-rules.ts';
import { notFound, AppError } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { caseChanged, findCase, planStep, writeChange } from './change-case.ts';
import type { CaseActor, CaseRecord } from './ports.ts';

/** A clerk ticks an item of the checklist, or takes the tick back. */
export interface VerifyItemCommand {
  readonly caseId: string;
  readonly version: number;
  readonly itemId: string;
  readonly isVerified: boolean;
  readonly actor: CaseActor;
  readonly note: string;
}

/**
 * Ticks an item as verified, or takes the tick back. What is not there cannot be verified.
 *
 * @throws AppError NOT_FOUND, CASE_CHANGED, WRONG_CASE_STATE, OTHER_COUNTYS_STEP, NOTHING_TO_VERIFY; what the store throws
 */
export async function verifyItem(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock'>,
  { caseId, version, itemId, isVerified, actor, note }: VerifyItemCommand,
): Promise<CaseRecord> {
  const before = await findCase(deps, caseId, actor);
  const checklist = checklistFor(deps.handlingRules(), before, before.reason);
  if (!checklist.some(({ id }) => id === itemId)) throw notFound('item of the checklist');
  if (version !== before.version) throw caseChanged(before);
  const action = isVerified ? 'verify' : 'unverify';
  const change = planStep(deps, before, { action, actor, note, about: itemId });
  if (!isVerified) return writeChange(deps, { ...change, unverify: itemId });
  const file = await deps.cases.file(caseId);
  if (file?.materials.some((each) => each.itemId === itemId && each.missingSinceMs === undefined) !== true) {
    throw new AppError('NOTHING_TO_VERIFY', 'nothing was handed in for this item', {
      status: 422,
      help: 'upload the material first',
    });
  }
  const verify = {
    itemId,
    verifiedBy: actor.id,
    verifiedRegion: actor.region ?? '',
    verifiedAtMs: change.record.changedAtMs,
  };
  return writeChange(deps, { ...change, verify });
}
