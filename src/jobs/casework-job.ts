import type { CaseworkDeps } from '../app/casework/case-deps.ts';
import { handOverObjections } from '../app/casework/hand-over-objections.ts';
import { caseOpenerOf } from '../app/casework/open-for-engine.ts';
import { remindCases } from '../app/casework/remind-cases.ts';
import { handOverRejected, type RejectedDeps } from '../app/standin/hand-over-rejected.ts';
import type { Job } from './runner.ts';

/**
 * The counts of closed windows; cases of objections and of rejected corrections that were not opened when they should have
 * been, because the process died; then reminders of cases that are nearly or over due, once a case and day.
 */
export function remindersJob(
  deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'> & Omit<RejectedDeps, 'opener'>,
): Job<number> {
  return {
    name: 'case-reminders',
    async work() {
      await deps.cases.keepCounts();
      const opener = caseOpenerOf(deps);
      await handOverObjections({ cases: deps.cases, opener });
      await handOverRejected({ ...deps, opener });
      return remindCases(deps);
    },
  };
}
