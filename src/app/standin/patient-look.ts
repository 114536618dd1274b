import type { BreakerPosition } from '../partners/ports.ts';
import { AppError } from '../../platform/errors.ts';
import type { FreshLook } from './ports.ts';

/** Looks that have taken longer than this share of their deadline are overdue. */
const OVERDUE_SHARE = 0.25;
/** With so many overdue, the next one would be so too. */
const OVERDUE_MAX = 2;

/** What waiting at the counter needs from outside. */
export interface PatientDeps {
  readonly freshLook: FreshLook;
  /** Where the breaker of fresh looks at a fund stands. */
  readonly position: (region: string) => BreakerPosition;
  readonly nowMs?: () => number;
}

/**
 * A fresh look for somebody who stands at a counter: nobody waits for a fund that others are waiting for in vain, and
 * nobody has to be the one by whom it is found out that a fund is back. Who does not wait is settled provisionally, and
 * the look that tries the fund goes on without them.
 */
export function createPatientLook({ freshLook, position, nowMs = () => performance.now() }: PatientDeps): FreshLook {
  const begun = new Map<string, Set<number>>();

  function overdue(region: string, deadlineMs: number): number {
    const since = nowMs() - deadlineMs * OVERDUE_SHARE;
    return [...(begun.get(region) ?? [])].filter((atMs) => atMs < since).length;
  }

  async function look(region: string, personId: string, deadlineMs: number): Promise<boolean> {
    const own = begun.get(region) ?? new Set<number>();
    begun.set(region, own);
    let atMs = nowMs();
    // Each has a place of its own in the set.
    while (own.has(atMs)) atMs += 1e-6;
    own.add(atMs);
    try {
      return await freshLook.refresh(region, personId, deadlineMs);
    } finally {
      own.delete(atMs);
    }
  }

  return {
    refresh(region, personId, deadlineMs) {
      const stands = position(region);
      if (stands === 'halfOpen') {
        look(region, personId, deadlineMs).catch(() => undefined);
        return Promise.reject(notWaited('PARTNER_IN_DOUBT', `${region} is being tried again`));
      }
      if (stands === 'closed' && overdue(region, deadlineMs) >= OVERDUE_MAX) {
        return Promise.reject(notWaited('PARTNER_SLOW', `${region} lets others wait`));
      }
      return look(region, personId, deadlineMs);
    },
  };
}

function notWaited(code: string, message: string): AppError {
  return new AppError(code, message, { status: 503, retryable: true });
}
