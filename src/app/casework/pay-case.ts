import { grantPaymentPostings } from '../../core/ledger/case-postings.ts';
import { enteredBy } from '../../core/ledger/journal.ts';
import { AppError } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { caseChanged, findCase, planStep, writeChange } from './change-case.ts';
import type { CaseActor, CaseRecord } from './ports.ts';

/** The money has left. */
export interface PayCaseCommand {
  readonly caseId: string;
  readonly version: number;
  /** The bank's number of the payment. */
  readonly reference: string;
  readonly actor: CaseActor;
  readonly note: string;
}

/**
 * Enters the payment of what was granted, once. Two people: who decided does not pay.
 *
 * @throws AppError NOT_FOUND, CASE_CHANGED, WRONG_CASE_STATE, OTHER_COUNTYS_STEP, SAME_CLERK; what the store throws
 */
export async function payCase(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'>,
  { caseId, version, reference, actor, note }: PayCaseCommand,
): Promise<CaseRecord> {
  const before = await findCase(deps, caseId, actor);
  if (version !== before.version) throw caseChanged(before);
  const change = planStep(deps, before, { action: 'pay', actor, note, about: reference });
  if (before.decidedBy === actor.id) {
    throw new AppError('SAME_CLERK', 'who decided a case does not pay it', {
      status: 403,
      help: 'another clerk of the county enters the payment',
    });
  }
  const { decidingRegion: homeRegion, personId, funds } = before;
  const entry = {
    entryId: deps.newId(),
    kind: 'case',
    subjectId: caseId,
    enteredAtMs: change.record.changedAtMs,
    enteredBy: enteredBy(actor.id, homeRegion),
    reason: `paid: ${reference}`,
    postings: grantPaymentPostings({ homeRegion, personId, funds }),
  } as const;
  return writeChange(deps, { ...change, entry });
}
