import type { LeaseStore } from '../app/ports.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';

/** What holding a lease needs from outside. */
export interface LeaseDeps {
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly newId: () => string;
  /** How long a lease outlives a holder that died; a third of it passes between renewals. */
  readonly leaseMs?: number;
}

/** A lease while it is held. */
export interface HeldLease {
  /** Rises with every holder. */
  readonly token: number;
  /** Aborted when the lease is lost; the work ends before its next step. */
  readonly signal: AbortSignal;
}

/** What became of work that wanted a lease. */
export type LeaseOutcome<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'heldElsewhere' };

export const LEASE_MS = 15_000;

function leaseLost(name: string, cause?: unknown): AppError {
  return new AppError('LEASE_LOST', `the lease "${name}" went to another runner or could not be renewed`, {
    status: 503,
    retryable: true,
    cause,
  });
}

/**
 * Works under a lease that is renewed meanwhile, so that of all processes one works at a time. A holder that stalls past
 * its lease is told so by its signal; that it may be told late is why work under a lease must also be idempotent.
 *
 * @throws what the work throws; LEASE_LOST through the signal; DATABASE_UNAVAILABLE (retryable)
 */
export async function underLease<T>(
  { leases, clock, newId, leaseMs = LEASE_MS }: LeaseDeps,
  name: string,
  work: (lease: HeldLease) => Promise<T>,
): Promise<LeaseOutcome<T>> {
  // A holder of its own for each time, or two runs in one process would take each other's acquiring for a renewal.
  const holder = newId();
  const lease = await leases.acquire(name, holder, clock.now(), leaseMs);
  if (lease === undefined) return { kind: 'heldElsewhere' };

  const lost = new AbortController();
  let heldUntilMs = performance.now() + leaseMs;
  let renewal = Promise.resolve();
  const renew = async (): Promise<void> => {
    const startedMs = performance.now();
    try {
      const renewed = await leases.acquire(name, holder, clock.now(), leaseMs);
      if (renewed?.token !== lease.token) lost.abort(leaseLost(name));
      else heldUntilMs = startedMs + leaseMs;
    } catch (error) {
      // The database may be back before the lease ends.
      if (performance.now() >= heldUntilMs) lost.abort(leaseLost(name, error));
    }
  };
  const timer = setInterval(() => {
    renewal = renewal.then(renew);
  }, leaseMs / 3);
  try {
    return { kind: 'done', result: await work({ token: lease.token, signal: lost.signal }) };
  } finally {
    clearInterval(timer);
    await renewal;
    // Not released is expired soon; the work's own end matters more than this.
    await leases.release(name, holder).catch(() => undefined);
  }
}
