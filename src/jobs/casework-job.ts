import type { CaseworkDeps } from '../app/casework/case-deps.ts';
import { handOverObjections } from '../app/casework/hand-over-objections.ts';
import { caseOpenerOf } from '../app/casework/open-for-engine.ts';
import { remindCases } from '../app/casework/remind-cases.ts';
import type { Job } from './runner.ts';

/**
 * The counts of closed windows; cases of objections whose case was not opened when they were decided, because the process died; then reminders of cases that
 * are nearly or over due, once a case and day.
 */
export function remindersJob(deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'>): Job<number> {
  return {
    name: 'case-reminders',
    async work() {
      await deps.cases.keepCounts();
      await handOverObjections({ cases: deps.cases, opener: caseOpenerOf(deps) });
      return remindCases(deps);
    },
  };
}
