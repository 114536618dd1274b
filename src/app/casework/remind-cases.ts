import { shanghaiDate } from '../../platform/clock.ts';
import type { CaseworkDeps } from './case-deps.ts';

/**
 * Reminds each county of its cases that are nearly or over due, once a case and day.
 *
 * @shape how many reminders were made now
 * @throws what the store throws
 */
export function remindCases({ cases, clock }: Pick<CaseworkDeps, 'cases' | 'clock'>): Promise<number> {
  return cases.remind(shanghaiDate(clock.now()));
}
