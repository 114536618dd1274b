import type { CaseworkDeps } from '../../src/app/casework/case-deps.ts';
import type { OpenCaseCommand } from '../../src/app/casework/open-case.ts';
import type { HandlingRules } from '../../src/core/casework/handling-rules.ts';
import { CASE_REASONS } from '../../src/core/casework/terms.ts';
import { PLAIN_WEEKS } from '../../src/core/working-days.ts';
import type { Database } from '../../src/db/open-database.ts';
import { createIdSource } from '../../src/platform/ids.ts';

const CARD = { id: 'card', name: '证', nameEn: 'card', source: 's', provenance: 'illustrative' } as const;

/** One item for every reason in both counties, and a day for every new case. */
export const HANDLING: HandlingRules = {
  calendar: PLAIN_WEEKS,
  counties: new Map(
    ['320509', '330421'].map((region) => [
      region,
      {
        region,
        checklists: new Map(CASE_REASONS.map((reason) => [reason, [{ ...CARD, required: true, toVerify: false }]])),
        deadlines: new Map([
          ['opened', { state: 'opened', workingDays: 1, remindBefore: 0, source: 's', provenance: 'illustrative' }],
        ]),
      },
    ]),
  ),
};

/** What casework needs, on a database. */
export function caseworkDeps({ caseStore: cases, materialFiles }: Database, nowMs: number): CaseworkDeps {
  const clock = { now: () => nowMs };
  return { cases, materialFiles, handlingRules: () => HANDLING, clock, newId: createIdSource(clock.now) };
}

/** What the engine says when a bill in Jiashan cannot be settled for a person of Wujiang. */
export function openCommand(changes: Partial<OpenCaseCommand> = {}): OpenCaseCommand {
  return {
    reason: 'standInRefused',
    subjectId: 'H33042100001/MZ-1',
    personId: 'p1',
    openingRegion: '330421',
    decidingRegion: '320509',
    institutionId: 'H33042100001',
    billNumber: 'MZ-1',
    claimed: 10_000,
    openedBy: { id: 'settling', region: undefined },
    ...changes,
  };
}
