import { checklistFor, lackingItems } from '../../core/casework/handling-rules.ts';
import type { CaseAction } from '../../core/lifecycle/case-states.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { caseChanged, findCase, planStep, writeChange } from './change-case.ts';
import type { CaseActor, CaseRecord } from './ports.ts';

/** Steps that need words and nothing else. */
export const PLAIN_ACTIONS = [
  'wantMaterials',
  'complete',
  'forward',
  'accept',
  'askMore',
  'supply',
  'return',
  'close',
  'withdraw',
] as const satisfies readonly CaseAction[];

/** What is to be done to a case. */
export interface ActOnCaseCommand {
  readonly caseId: string;
  /** As the actor read it; undefined for the engine, which acts on what it finds. */
  readonly version: number | undefined;
  readonly action: (typeof PLAIN_ACTIONS)[number];
  readonly actor: CaseActor;
  readonly note: string;
}

/** Completeness is claimed by the step that hands the case on, so it is proved there. */
async function requireComplete(
  { cases, handlingRules }: Pick<CaseworkDeps, 'cases' | 'handlingRules'>,
  caseId: string,
) {
  const file = await cases.file(caseId);
  if (file === undefined) throw notFound('case');
  const { record, materials, verifications } = file;
  const provided = materials.filter(({ missingSinceMs }) => missingSinceMs === undefined).map(({ itemId }) => itemId);
  const lacking = lackingItems(
    checklistFor(handlingRules(), record, record.reason),
    new Set(provided),
    new Set(verifications.map(({ itemId }) => itemId)),
  );
  if (lacking.length === 0) return;
  throw new AppError('MATERIALS_LACKING', 'the checklist is not complete', {
    status: 422,
    help: 'hand in what lacks a material and verify what lacks a verification',
    extra: { lacking },
  });
}

/**
 * Takes a case one step on: asks for materials, completes, forwards, accepts, asks for more, supplies, returns, closes or
 * withdraws it.
 *
 * @throws AppError NOT_FOUND, CASE_CHANGED, WRONG_CASE_STATE, OTHER_COUNTYS_STEP, MATERIALS_LACKING; what the store throws
 */
export async function actOnCase(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock'>,
  { caseId, version, action, actor, note }: ActOnCaseCommand,
): Promise<CaseRecord> {
  const before = await findCase(deps, caseId, actor);
  if (version !== undefined && version !== before.version) throw caseChanged(before);
  const change = planStep(deps, before, { action, actor, note });
  if (action === 'complete' || action === 'supply') await requireComplete(deps, caseId);
  return writeChange(deps, change);
}
