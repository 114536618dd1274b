import type { DateText } from '../../core/calendar.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { ClearingWindow } from './ports.ts';
import { clearUpTo, type ClearingDeps } from './run-clearing.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The last business day that is over: yesterday in Asia/Shanghai. Today's is cleared only when somebody asks for it.
 *
 * @shape instant → day
 */
export function lastDayOver(nowMs: number): DateText {
  return shanghaiDate(nowMs - DAY_MS);
}

/**
 * Clears whatever is due now, also what was missed while no process ran.
 *
 * @shape the windows issued, oldest first; none when nothing was due
 * @throws what clearUpTo throws
 */
export function clearDue(deps: ClearingDeps): Promise<readonly ClearingWindow[]> {
  return clearUpTo(deps, lastDayOver(deps.clock.now()));
}
