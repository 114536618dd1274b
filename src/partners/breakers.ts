import CircuitBreaker from 'opossum';
import type { BreakerPosition, OperationState } from '../app/partners/ports.ts';
import { AppError } from '../platform/errors.ts';

/** When a breaker opens and how it comes to close again. */
export interface BreakerOptions {
  /** Fewer calls than this in `windowMs` open nothing. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercentage: number;
  readonly windowMs: number;
  /**
   * So many failures one after the other open it, too: after a busy hour without any, half of all calls would have to
   * fail for as long as the window is, and somebody waits out each of them at a counter.
   */
  readonly failuresInRowMax?: number;
  /** After this long open, one call is let through as a probe; its success closes the breaker. */
  readonly resetMs: number;
}

export const BREAKER_OPTIONS: BreakerOptions = {
  volumeThreshold: 5,
  errorThresholdPercentage: 50,
  windowMs: 60_000,
  failuresInRowMax: 3,
  resetMs: 10_000,
};

/** One breaker a partner and operation, so that one partner's trouble is nobody else's. */
export interface Breakers {
  /**
   * Calls out, unless the breaker is open. A refusal of what was sent (an AppError that is not retryable) says nothing
   * against the partner and is not counted.
   *
   * @throws AppError BREAKER_OPEN (retryable), and what the call throws
   */
  call<T>(partner: string, operation: string, call: () => Promise<T>): Promise<T>;
  states(): readonly OperationState[];
  /** Closed for what was never called. */
  position(partner: string, operation: string): BreakerPosition;
  close(): void;
}

type Breaker = CircuitBreaker<[call: () => Promise<unknown>], unknown>;

interface Watched {
  readonly breaker: Breaker;
  readonly partner: string;
  readonly operation: string;
  readonly counts: { fires: number; failures: number; timeouts: number; rejects: number };
  sinceMs: number;
  lastError: OperationState['lastError'];
  failuresInRow: number;
}

function positionOf({ opened, halfOpen }: Breaker): BreakerPosition {
  if (halfOpen) return 'halfOpen';
  return opened ? 'open' : 'closed';
}

function stateOf({ breaker, partner, operation, counts, sinceMs, lastError }: Watched): OperationState {
  return { partner, operation, position: positionOf(breaker), sinceMs, ...counts, lastError };
}

/** Counts for as long as the process runs: opossum's own figures are those of its window. */
function count(watched: Watched, now: () => number, failuresInRowMax = Infinity): void {
  const { breaker, counts } = watched;
  breaker
    .on('fire', () => (counts.fires += 1))
    .on('reject', () => (counts.rejects += 1))
    .on('failure', (error: unknown) => {
      const code = error instanceof AppError ? error.code : 'INTERNAL';
      const message = error instanceof Error ? error.message : String(error);
      counts.failures += 1;
      if (code === 'PARTNER_TIMEOUT') counts.timeouts += 1;
      watched.lastError = { code, message, atMs: now() };
      watched.failuresInRow += 1;
      if (watched.failuresInRow >= failuresInRowMax && !breaker.opened) breaker.open();
    })
    .on('success', () => (watched.failuresInRow = 0));
}

export function createBreakers(
  options: BreakerOptions = BREAKER_OPTIONS,
  onChange: (change: OperationState) => void = () => undefined,
  now: () => number = Date.now,
): Breakers {
  const breakers = new Map<string, Watched>();

  function breakerOf(partner: string, operation: string): Breaker {
    const key = `${partner} ${operation}`;
    const known = breakers.get(key);
    if (known !== undefined) return known.breaker;
    const breaker: Breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
      name: key,
      // The call has a deadline of its own, which also ends the request; a second one would only forget about it.
      timeout: false,
      volumeThreshold: options.volumeThreshold,
      errorThresholdPercentage: options.errorThresholdPercentage,
      rollingCountTimeout: options.windowMs,
      resetTimeout: options.resetMs,
      rollingPercentilesEnabled: false,
      errorFilter: (error: unknown) => error instanceof AppError && !error.retryable,
    });
    const counts = { fires: 0, failures: 0, timeouts: 0, rejects: 0 };
    const watched: Watched = {
      breaker,
      partner,
      operation,
      counts,
      sinceMs: now(),
      lastError: undefined,
      failuresInRow: 0,
    };
    count(watched, now, options.failuresInRowMax);
    const changed = (): void => {
      watched.sinceMs = now();
      onChange(stateOf(watched));
    };
    breaker.on('open', changed).on('halfOpen', changed).on('close', changed);
    breakers.set(key, watched);
    return breaker;
  }

  return {
    async call<T>(partner: string, operation: string, call: () => Promise<T>) {
      try {
        return (await breakerOf(partner, operation).fire(call)) as T;
      } catch (error) {
        if (!isOpenBreaker(error)) throw error;
        throw new AppError('BREAKER_OPEN', `${operation} of ${partner} failed too often and is not tried for a while`, {
          status: 503,
          retryable: true,
          cause: error,
        });
      }
    },
    states: () => [...breakers.values()].map(stateOf),
    position(partner, operation) {
      const known = breakers.get(`${partner} ${operation}`);
      return known === undefined ? 'closed' : positionOf(known.breaker);
    },
    close() {
      for (const { breaker } of breakers.values()) breaker.shutdown();
    },
  };
}

function isOpenBreaker(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER' && CircuitBreaker.isOurError(error);
}
