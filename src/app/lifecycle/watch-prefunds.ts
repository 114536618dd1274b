import { dayOfMonth, monthOf, type MonthText } from '../../core/calendar.ts';
import { topUpFor, usageLevel, usageOf, type UsageLevel } from '../../core/lifecycle/prefund-usage.ts';
import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import type { Pair, Period } from './ports.ts';
import { pairKey } from './sum-period.ts';

/** How a prefund stands against a month's business. */
export interface PrefundUsage extends Pair {
  readonly month: MonthText;
  readonly balance: Fen;
  /** What the month's statements come to so far. */
  readonly cleared: Fen;
  /** Hundredths of a percent, down; undefined without a prefund. */
  readonly usage: number | undefined;
  readonly level: UsageLevel;
  /** What would bring a red or yellow one back to where yellow begins; 0 for a green one. */
  readonly topUp: Fen;
}

/** What watching prefunds needs from outside. */
export type UsageDeps = Pick<CalendarDeps, 'calendarStore' | 'lifeQueries' | 'calendar' | 'clock'>;

/** What the statements of a period come to, by pair. */
export async function clearedByPair({ calendarStore }: UsageDeps, period: Period): Promise<Map<string, Fen>> {
  const cleared = new Map<string, Fen>();
  for (const statement of await calendarStore.statementsIn(period)) {
    const key = pairKey(statement);
    cleared.set(key, (cleared.get(key) ?? 0) + statement.owed);
  }
  return cleared;
}

/** What is in each prefund. */
export async function balancesByPair({ lifeQueries }: UsageDeps): Promise<Map<string, Fen>> {
  return new Map((await lifeQueries.prefunds()).map(({ balance, ...pair }) => [pairKey(pair), balance]));
}

/** The pairs that some of these know of, sorted. */
export function pairsOf(...maps: readonly ReadonlyMap<string, Fen>[]): Pair[] {
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  return [...keys].sort().map((key) => {
    const [homeRegion = '', treatmentRegion = ''] = key.split('-');
    return { homeRegion, treatmentRegion };
  });
}

/**
 * How every prefund stands against the business of a month, this one unless another is named: usage, and whether that is
 * yellow or red. Pairs without prefund and business are left out unless they are named beside.
 *
 * @units fen
 * @source reference B.5
 */
export async function watchPrefunds(
  deps: UsageDeps,
  asked?: MonthText,
  beside: readonly Pair[] = [],
): Promise<readonly PrefundUsage[]> {
  const month = asked ?? monthOf(shanghaiDate(deps.clock.now()));
  const calendar = deps.calendar();
  const [cleared, balances] = await Promise.all([
    clearedByPair(deps, { from: `${month}-01`, to: dayOfMonth(month, 31) }),
    balancesByPair(deps),
  ]);
  const others = new Map(beside.map((pair) => [pairKey(pair), 0]));
  return pairsOf(cleared, balances, others).map((pair) => {
    const [business, balance] = [cleared.get(pairKey(pair)) ?? 0, balances.get(pairKey(pair)) ?? 0];
    const level = usageLevel(calendar, business, balance);
    const topUp = level === 'green' ? 0 : topUpFor(calendar, business, balance);
    return { ...pair, month, balance, cleared: business, usage: usageOf(business, balance), level, topUp };
  });
}
