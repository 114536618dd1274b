import type { CaseworkDeps } from '../app/casework/case-deps.ts';
import { remindCases } from '../app/casework/remind-cases.ts';
import type { Job } from './runner.ts';

/** Reminders of cases that are nearly or over due, once a case and day. */
export function remindersJob(deps: Pick<CaseworkDeps, 'cases' | 'clock'>): Job<number> {
  return { name: 'case-reminders', work: () => remindCases(deps) };
}
