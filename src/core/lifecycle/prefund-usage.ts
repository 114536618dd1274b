import { RATIO_ONE, type Fen, type Ratio } from '../money/fen.ts';
import type { ClearingCalendar } from '../policy/clearing-calendar.ts';

/** How full of business a prefund is: what it warns of. */
export type UsageLevel = 'green' | 'yellow' | 'red';

/**
 * How much of a prefund a month's clearing uses up.
 *
 * @shape month's clearing, balance → whole hundredths of a percent, down; undefined without a prefund
 * @units fen
 * @source reference B.5: usage = month's clearing amount ÷ prefund
 */
export function usageOf(cleared: Fen, balance: Fen): number | undefined {
  if (balance <= 0) return undefined;
  return cleared <= 0 ? 0 : Number((BigInt(cleared) * 10_000n) / BigInt(balance));
}

/**
 * Yellow and red by exact comparison, not by the rounded usage: at the threshold itself the warning is there. Business
 * without any prefund is red.
 *
 * @units fen
 */
export function usageLevel(calendar: ClearingCalendar, cleared: Fen, balance: Fen): UsageLevel {
  const reaches = (threshold: Ratio): boolean =>
    cleared > 0 && BigInt(cleared) * BigInt(RATIO_ONE) >= BigInt(Math.max(balance, 0)) * BigInt(threshold);
  if (reaches(calendar.redUsage.value)) return 'red';
  return reaches(calendar.yellowUsage.value) ? 'yellow' : 'green';
}

/**
 * The size of a prefund for a year: so many times the monthly mean of the fourth quarter before it.
 *
 * @units fen
 * @rounding half-up to the fen, once
 * @source reference B.5
 */
export function prefundSize({ prefundMonths }: ClearingCalendar, fourthQuarter: Fen): Fen {
  if (fourthQuarter <= 0) return 0;
  const thirds = BigInt(fourthQuarter) * BigInt(prefundMonths.value);
  return Number((thirds * 2n + 3n) / 6n);
}

/** What a county asks for when a prefund is red: as much as brings the usage down to where yellow begins. */
export function topUpFor({ yellowUsage }: ClearingCalendar, cleared: Fen, balance: Fen): Fen {
  const { value } = yellowUsage;
  const needed = (BigInt(cleared) * BigInt(RATIO_ONE) + BigInt(value) - 1n) / BigInt(value);
  return Math.max(0, Number(needed) - balance);
}
