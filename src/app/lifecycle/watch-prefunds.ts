import { dayOfMonth, monthOf, type MonthText } from '../../core/calendar.ts';
import { prefundSize, topUpFor, usageLevel, usageOf, type UsageLevel } from '../../core/lifecycle/prefund-usage.ts';
import { monthOfYear } from '../../core/lifecycle/deadlines.ts';
import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import type { Pair, Period, PrefundRequest } from './ports.ts';
import { newRequest } from './prefund-acts.ts';
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

type UsageDeps = Pick<CalendarDeps, 'calendarStore' | 'lifeQueries' | 'calendar' | 'clock'>;

async function clearedByPair({ calendarStore }: UsageDeps, period: Period): Promise<Map<string, Fen>> {
  const cleared = new Map<string, Fen>();
  for (const statement of await calendarStore.statementsIn(period)) {
    const key = pairKey(statement);
    cleared.set(key, (cleared.get(key) ?? 0) + statement.owed);
  }
  return cleared;
}

async function balancesByPair({ lifeQueries }: UsageDeps): Promise<Map<string, Fen>> {
  return new Map((await lifeQueries.prefunds()).map(({ balance, ...pair }) => [pairKey(pair), balance]));
}

function pairsOf(...maps: readonly ReadonlyMap<string, Fen>[]): Pair[] {
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  return [...keys].sort().map((key) => {
    const [homeRegion = '', treatmentRegion = ''] = key.split('-');
    return { homeRegion, treatmentRegion };
  });
}

/**
 * How every prefund stands against the business of a month, this one unless another is named: usage, and whether that is
 * yellow or red.
 *
 * @units fen
 * @source reference B.5
 */
export async function watchPrefunds(deps: UsageDeps, asked?: MonthText): Promise<readonly PrefundUsage[]> {
  const month = asked ?? monthOf(shanghaiDate(deps.clock.now()));
  const calendar = deps.calendar();
  const [cleared, balances] = await Promise.all([
    clearedByPair(deps, { from: `${month}-01`, to: dayOfMonth(month, 31) }),
    balancesByPair(deps),
  ]);
  return pairsOf(cleared, balances).map((pair) => {
    const [business, balance] = [cleared.get(pairKey(pair)) ?? 0, balances.get(pairKey(pair)) ?? 0];
    const level = usageLevel(calendar, business, balance);
    const topUp = level === 'green' ? 0 : topUpFor(calendar, business, balance);
    return { ...pair, month, balance, cleared: business, usage: usageOf(business, balance), level, topUp };
  });
}

/** A yearly request's name: there is one a pair and year. */
function yearlyId(year: number, pair: Pair): string {
  return `${year}-${pairKey(pair)}`;
}

/**
 * Resizes all prefunds for a year: to so many times the monthly mean of the fourth quarter before it. What is missing is
 * requested, what is too much is to be given back; both are then reviewed and paid like any request.
 *
 * @shape year → the requests made now; none for pairs that have theirs, or whose prefund has its size
 * @throws AppError TOO_EARLY before the year begins, NOT_ISSUED while a day of the quarter is not cleared
 * @source reference B.5
 */
export async function resizePrefunds(deps: CalendarDeps, year: number): Promise<readonly PrefundRequest[]> {
  const { life, calendarStore, clock } = deps;
  const calendar = deps.calendar();
  const quarter = { from: `${monthOfYear(year - 1, 10)}-01`, to: `${monthOfYear(year - 1, 12)}-31` };
  if (shanghaiDate(clock.now()) <= quarter.to) {
    throw new AppError('TOO_EARLY', `the quarter before ${year} is not over`, { status: 409 });
  }
  if ((await calendarStore.unissued(quarter)) > 0) {
    throw new AppError('NOT_ISSUED', 'a window of the fourth quarter is not issued yet', { status: 409 });
  }
  const [cleared, balances] = await Promise.all([clearedByPair(deps, quarter), balancesByPair(deps)]);
  const made: PrefundRequest[] = [];
  for (const pair of pairsOf(cleared, balances)) {
    const size = prefundSize(calendar, cleared.get(pairKey(pair)) ?? 0);
    const amount = size - (balances.get(pairKey(pair)) ?? 0);
    if (amount === 0) continue;
    const requestId = yearlyId(year, pair);
    const words = `yearly size of ${year}, ${calendar.prefundMonths.provenance}: ${calendar.prefundMonths.source}`;
    const about = { requestId, kind: 'yearly', amount, words, requestedAtMs: clock.now() } as const;
    const request = newRequest(pair, about);
    const isNew = await life.transact({ subject: { kind: 'request', id: requestId } }, (state) =>
      state.request === undefined
        ? { writes: { request, atMs: about.requestedAtMs }, result: true }
        : { writes: undefined, result: false },
    );
    if (isNew) made.push(request);
  }
  return made;
}
