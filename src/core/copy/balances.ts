import type { Accumulators } from '../adjudicate/facts.ts';
import type { Fen } from '../money/fen.ts';

/** What moves in a person's copy: running sums and the two purses of the personal account. */
export interface Balances {
  readonly accumulators: Accumulators;
  readonly accounts: { readonly current: Fen; readonly carried: Fen };
}

/** What one event, settlement or reversal moves. Amounts are fen, or heads where an accumulator counts admissions. */
export interface BalanceChange {
  readonly accumulators: readonly { readonly bucket: string; readonly name: string; readonly change: number }[];
  readonly accounts: { readonly current: Fen; readonly carried: Fen };
}

/** Balances after changes, or what would fall below 0: `bucket/name`, `accounts.current` or `accounts.carried`. */
export type Moved =
  { readonly kind: 'moved'; readonly balances: Balances } | { readonly kind: 'belowZero'; readonly what: string };

/** The exact opposite of a change. */
export function negated({ accumulators, accounts }: BalanceChange): BalanceChange {
  return {
    accumulators: accumulators.map(({ bucket, name, change }) => ({ bucket, name, change: 0 - change })),
    accounts: { current: 0 - accounts.current, carried: 0 - accounts.carried },
  };
}

/**
 * Moves balances by several changes at once: what counts is where they end, so that the order does not matter.
 *
 * @shape balances, changes → balances (a name at 0 is left out, its bucket stays) | what would be below 0
 * @units fen, and heads
 */
export function move(balances: Balances, changes: readonly BalanceChange[]): Moved {
  const buckets = new Map(
    Object.entries(balances.accumulators).map(([bucket, names]) => [bucket, new Map(Object.entries(names))]),
  );
  let { current, carried } = balances.accounts;
  const touched = new Set<string>();
  for (const { accumulators, accounts } of changes) {
    current += accounts.current;
    carried += accounts.carried;
    for (const { bucket, name, change } of accumulators) {
      const names = buckets.get(bucket) ?? new Map<string, number>();
      buckets.set(bucket, names);
      names.set(name, (names.get(name) ?? 0) + change);
      touched.add(`${bucket}\n${name}`);
    }
  }
  for (const each of touched) {
    const [bucket = '', name = ''] = each.split('\n');
    const value = buckets.get(bucket)?.get(name) ?? 0;
    if (value < 0) return { kind: 'belowZero', what: `${bucket}/${name}` };
    if (value === 0) buckets.get(bucket)?.delete(name);
  }
  if (current < 0) return { kind: 'belowZero', what: 'accounts.current' };
  if (carried < 0) return { kind: 'belowZero', what: 'accounts.carried' };
  const accumulators = Object.fromEntries([...buckets].map(([bucket, names]) => [bucket, Object.fromEntries(names)]));
  return { kind: 'moved', balances: { accumulators, accounts: { current, carried } } };
}
