import type { DateText } from '../../core/calendar.ts';
import { monthOfYear, resizeDate } from '../../core/lifecycle/deadlines.ts';
import { prefundSize } from '../../core/lifecycle/prefund-usage.ts';
import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate, shanghaiMidnight } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { CalendarDeps } from './calendar-deps.ts';
import type { Pair, Period, PrefundRequest } from './ports.ts';
import { newRequest } from './prefund-acts.ts';
import { pairKey } from './sum-period.ts';
import { balancesByPair, clearedByPair, pairsOf, type UsageDeps } from './watch-prefunds.ts';

/** The pairs whose prefund is to be resized for a year and is not yet. */
export interface DueResizing {
  readonly year: number;
  /** The day from which it is due. */
  readonly since: DateText;
  /** None: every prefund has been resized, or has its size. */
  readonly pairs: readonly Pair[];
}

/** The quarter by whose business a year's prefunds are sized. */
function quarterBefore(year: number): Period {
  return { from: `${monthOfYear(year - 1, 10)}-01`, to: `${monthOfYear(year - 1, 12)}-31` };
}

/**
 * What each prefund lacks for a year (negative: has too much), where no request says so yet. A prefund that had its size on
 * the day is through with the year: what is paid into it for an urgent reason afterwards is not asked back.
 */
async function notResized(deps: UsageDeps, year: number): Promise<(Pair & { readonly amount: Fen })[]> {
  const { calendarStore } = deps;
  const calendar = deps.calendar();
  const [cleared, balances, resized, paid] = await Promise.all([
    clearedByPair(deps, quarterBefore(year)),
    balancesByPair(deps),
    calendarStore.resized(year),
    calendarStore.paidIntoPrefunds(shanghaiMidnight(resizeDate(calendar, year))),
  ]);
  const done = new Set(resized.map(pairKey));
  const paidSince = new Map(paid.map(({ amount, ...pair }) => [pairKey(pair), amount]));
  return pairsOf(cleared, balances)
    .filter((pair) => !done.has(pairKey(pair)))
    .map((pair) => {
      const key = pairKey(pair);
      const amount = prefundSize(calendar, cleared.get(key) ?? 0) - (balances.get(key) ?? 0);
      return { ...pair, amount, lackedOnTheDay: amount + (paidSince.get(key) ?? 0) };
    })
    .filter(({ amount, lackedOnTheDay }) => amount !== 0 && lackedOnTheDay !== 0)
    .map(({ lackedOnTheDay: _onTheDay, ...lack }) => lack);
}

/**
 * Which pairs are to be resized for this year, from the calendar's month on, and are not yet.
 *
 * @shape undefined before the calendar's month, and in the first year of business
 * @throws what the stores throw
 * @source reference B.5
 */
export async function findDueResizing(deps: UsageDeps): Promise<DueResizing | undefined> {
  const today = shanghaiDate(deps.clock.now());
  const year = Number(today.slice(0, 4));
  const since = resizeDate(deps.calendar(), year);
  if (today < since) return undefined;
  const first = await deps.calendarStore.firstDate();
  if (first === undefined || Number(first.slice(0, 4)) >= year) return undefined;
  const pairs = await notResized(deps, year);
  return { year, since, pairs: pairs.map(({ homeRegion, treatmentRegion }) => ({ homeRegion, treatmentRegion })) };
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
  const { prefundMonths } = deps.calendar();
  const quarter = quarterBefore(year);
  if (shanghaiDate(clock.now()) <= quarter.to) {
    throw new AppError('TOO_EARLY', `the quarter before ${year} is not over`, { status: 409 });
  }
  if ((await calendarStore.unissued(quarter)) > 0) {
    throw new AppError('NOT_ISSUED', 'a window of the fourth quarter is not issued yet', { status: 409 });
  }
  const made: PrefundRequest[] = [];
  for (const { amount, ...pair } of await notResized(deps, year)) {
    const requestId = yearlyId(year, pair);
    const words = `yearly size of ${year}, ${prefundMonths.provenance}: ${prefundMonths.source}`;
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
