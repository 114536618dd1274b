import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { FundTerms, ProvisionalStore, StandInDesk } from './ports.ts';

/** What the desk needs from outside. */
export interface DeskDeps {
  readonly terms: (region: string) => FundTerms | undefined;
  /** Until when everything that changed at a fund is in the copy; 0 when that is not known. */
  readonly copyAsOf?: (region: string) => number;
  readonly provisionals: Pick<ProvisionalStore, 'takenOn'>;
}

/** A desk that must hear from the database now and then. */
export interface KeptDesk extends StandInDesk {
  /** Reads again what all processes have taken on. */
  refresh(nowMs: number): Promise<void>;
}

/** A transaction that has begun is over after this long, one way or the other. */
const IN_FLIGHT_MS = 30_000;

interface Sum {
  readonly day: string;
  /** As the database had it when it was read last. */
  stored: Fen;
  /** What this process took on since, which may be in `stored` or not. */
  recent: { readonly amount: Fen; readonly atMs: number }[];
}

/**
 * Watches what each fund has taken on today, without a balance that every counter would wait for: the sum is read from the
 * provisional settlements now and then, and what this process takes on in between is added. What is in both counts twice
 * for a while, so that one process never passes the limit; several may pass it by what the others took on since this one
 * read.
 */
export function createStandInDesk({ terms, copyAsOf = () => 0, provisionals }: DeskDeps): KeptDesk {
  const sums = new Map<string, Sum>();

  function sumOf(region: string, nowMs: number): Sum {
    const day = shanghaiDate(nowMs);
    const known = sums.get(region);
    if (known?.day === day) return known;
    const fresh: Sum = { day, stored: 0, recent: [] };
    sums.set(region, fresh);
    return fresh;
  }

  const ageOf = (region: string, copiedAtMs: number, nowMs: number): number =>
    nowMs - Math.max(copiedAtMs, copyAsOf(region));

  return {
    isTooOld(region, copiedAtMs, nowMs) {
      const own = terms(region);
      return own?.freshEligibility === true && ageOf(region, copiedAtMs, nowMs) > own.copyAgeMaxMs;
    },

    takeOn(region, copiedAtMs, amount, nowMs) {
      const limits = terms(region)?.standIn;
      if (limits === undefined) return undefined;
      if (amount > limits.amountMax) return 'amount';
      if (ageOf(region, copiedAtMs, nowMs) > limits.copyAgeMaxMs) return 'copyAge';
      const sum = sumOf(region, nowMs);
      const taken = sum.recent.reduce((total, one) => total + one.amount, sum.stored);
      if (taken + amount > limits.exposurePerDayMax) return 'exposure';
      sum.recent.push({ amount, atMs: nowMs });
      return undefined;
    },

    async refresh(nowMs) {
      for (const [region, { day }] of sums) {
        const stored = await provisionals.takenOn(region, day);
        const sum = sums.get(region);
        if (sum?.day !== day) continue;
        sum.stored = stored;
        sum.recent = sum.recent.filter(({ atMs }) => atMs > nowMs - IN_FLIGHT_MS);
      }
    },
  };
}
