import CircuitBreaker from 'opossum';
import { AppError } from '../platform/errors.ts';

/** When a breaker opens and how it comes to close again. */
export interface BreakerOptions {
  /** Fewer calls than this in `windowMs` open nothing. */
  readonly volumeThreshold: number;
  readonly errorThresholdPercentage: number;
  readonly windowMs: number;
  /** After this long open, one call is let through as a probe; its success closes the breaker. */
  readonly resetMs: number;
}

export const BREAKER_OPTIONS: BreakerOptions = {
  volumeThreshold: 5,
  errorThresholdPercentage: 50,
  windowMs: 60_000,
  resetMs: 10_000,
};

/** Where a breaker stands. */
export interface BreakerState {
  readonly partner: string;
  readonly operation: string;
  readonly state: 'closed' | 'open' | 'halfOpen';
}

/** One breaker a partner and operation, so that one partner's trouble is nobody else's. */
export interface Breakers {
  /**
   * Calls out, unless the breaker is open. A refusal of what was sent (an AppError that is not retryable) says nothing
   * against the partner and is not counted.
   *
   * @throws AppError BREAKER_OPEN (retryable), and what the call throws
   */
  call<T>(partner: string, operation: string, call: () => Promise<T>): Promise<T>;
  states(): readonly BreakerState[];
  close(): void;
}

type Breaker = CircuitBreaker<[call: () => Promise<unknown>], unknown>;

function stateOf({ opened, halfOpen }: Breaker): BreakerState['state'] {
  if (halfOpen) return 'halfOpen';
  return opened ? 'open' : 'closed';
}

export function createBreakers(
  options: BreakerOptions = BREAKER_OPTIONS,
  onChange: (change: BreakerState) => void = () => undefined,
): Breakers {
  const breakers = new Map<string, { breaker: Breaker; partner: string; operation: string }>();

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
    const changed = (): void => {
      onChange({ partner, operation, state: stateOf(breaker) });
    };
    breaker.on('open', changed).on('halfOpen', changed).on('close', changed);
    breakers.set(key, { breaker, partner, operation });
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
    states: () =>
      [...breakers.values()].map(({ breaker, partner, operation }) => {
        return { partner, operation, state: stateOf(breaker) };
      }),
    close() {
      for (const { breaker } of breakers.values()) breaker.shutdown();
    },
  };
}

function isOpenBreaker(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EOPENBREAKER' && CircuitBreaker.isOurError(error);
}
