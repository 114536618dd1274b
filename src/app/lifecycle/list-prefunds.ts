import type { DateText, MonthText } from '../../core/calendar.ts';
import { findDueResizing } from './resize-prefunds.ts';
import { pairKey } from './sum-period.ts';
import { watchPrefunds, type PrefundUsage, type UsageDeps } from './watch-prefunds.ts';

/** A prefund as those who keep it see it. */
export interface ListedPrefund extends PrefundUsage {
  /** Since when it is due for this year's resizing; undefined when that is done, or is not due. */
  readonly resizingSince: DateText | undefined;
}

/**
 * All prefunds against the business of a month, this one unless another is named, and which of them are due for this year's
 * resizing: also pairs that have no prefund and no business in the month.
 *
 * @throws what the stores throw
 * @source reference B.5
 */
export async function listPrefunds(deps: UsageDeps, month?: MonthText): Promise<readonly ListedPrefund[]> {
  const resizing = await findDueResizing(deps);
  const due = new Set(resizing?.pairs.map(pairKey));
  const prefunds = await watchPrefunds(deps, month, resizing?.pairs);
  return prefunds.map((prefund) => {
    return { ...prefund, resizingSince: due.has(pairKey(prefund)) ? resizing?.since : undefined };
  });
}
