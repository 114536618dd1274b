import type { StoredSettlement } from '../ports.ts';

/** What is known of a request by its key. */
export type AttemptFound =
  | { readonly kind: 'new'; readonly attempt: number }
  | { readonly kind: 'repeat'; readonly settlement: StoredSettlement; readonly reversed: boolean }
  | { readonly kind: 'conflict'; readonly settlement: StoredSettlement };

/**
 * Decides whether a request is new, a repeat, or in conflict with what is there.
 *
 * A bill is known by its number. The same number with the same content is a repeat, also after the bill was reversed: a late
 * duplicate must not charge again. A reversed bill is settled anew under a request key that was not used before.
 *
 * @shape all attempts and reversals of the bill, request key, content hash → new (with its attempt number) | repeat | conflict
 * @source design §7
 */
export function findAttempt(known: readonly StoredSettlement[], requestKey: string, contentHash: string): AttemptFound {
  const settlements = known.filter(({ row }) => row.attempt > 0);
  const isReversed = (attempt: number): boolean => known.some(({ row }) => row.attempt === -attempt);
  const same = settlements.find(({ row }) => row.requestKey === requestKey);
  if (same !== undefined) {
    if (same.row.contentHash !== contentHash) return { kind: 'conflict', settlement: same };
    return { kind: 'repeat', settlement: same, reversed: isReversed(same.row.attempt) };
  }
  const live = settlements.find(({ row }) => !isReversed(row.attempt));
  if (live !== undefined) return { kind: 'conflict', settlement: live };
  return { kind: 'new', attempt: settlements.length + 1 };
}
