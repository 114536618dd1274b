import { grantPostings, grantTotal } from '../../core/ledger/case-postings.ts';
import { enteredBy, REASON_MAX, type JournalEntry } from '../../core/ledger/journal.ts';
import { DECISION_ACTIONS, fitsOutcome, type CaseOutcome } from '../../core/lifecycle/case-states.ts';
import type { Fen } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';
import type { Fund } from '../../core/policy/terms.ts';
import { invalidInput } from '../../platform/errors.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { caseChanged, findCase, planStep, writeChange } from './change-case.ts';
import type { CaseActor, CaseRecord } from './ports.ts';

/** What the deciding county decided. */
export interface DecideCaseCommand {
  readonly caseId: string;
  readonly version: number;
  readonly outcome: CaseOutcome;
  /** What each fund bears; nothing for a refusal. */
  readonly funds: Readonly<Record<Fund, Fen>>;
  readonly actor: CaseActor;
  readonly note: string;
}

const FITTING: Readonly<Record<CaseOutcome, string>> = {
  granted: 'do not add up to what is claimed',
  grantedInPart: 'add up neither to more than nothing nor to less than what is claimed',
  refused: 'are not all 0, though the case is refused',
};

/**
 * Decides a case, once. What is granted is entered in the home fund's book as its expense and as owed to the person.
 *
 * @units fen
 * @throws AppError NOT_FOUND, INVALID_INPUT (funds), CASE_CHANGED, WRONG_CASE_STATE, OTHER_COUNTYS_STEP; what the store throws
 */
export async function decideCase(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'>,
  { caseId, version, outcome, funds, actor, note }: DecideCaseCommand,
): Promise<CaseRecord> {
  const before = await findCase(deps, caseId, actor);
  if (version !== before.version) throw caseChanged(before);
  const granted = grantTotal(funds);
  const sets = { granted, funds, decidedBy: actor.id };
  const change = planStep(deps, before, { action: DECISION_ACTIONS[outcome], actor, note, sets });
  if (!fitsOutcome(outcome, before.claimed, granted)) {
    const problem = `${FITTING[outcome]} (${formatFen(before.claimed)})`;
    throw invalidInput([{ field: 'funds', problem }], 'the amounts do not fit the decision');
  }
  const entry = granted === 0 ? undefined : grantEntry(deps.newId(), change.record, actor, note);
  return writeChange(deps, { ...change, entry });
}

function grantEntry(entryId: string, record: CaseRecord, actor: CaseActor, note: string): JournalEntry {
  const { caseId, decidingRegion: homeRegion, personId, funds, changedAtMs } = record;
  return {
    entryId,
    kind: 'case',
    subjectId: caseId,
    enteredAtMs: changedAtMs,
    enteredBy: enteredBy(actor.id, homeRegion),
    // The event has the note whole.
    reason: note === '' ? 'case granted' : note.slice(0, REASON_MAX),
    postings: grantPostings({ homeRegion, personId, funds }),
  };
}
