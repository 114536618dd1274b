import type { Balances } from '../../core/copy/balances.ts';
import type { FeedWrites } from './ports.ts';

function same(left: Readonly<Record<string, number>> = {}, right: Readonly<Record<string, number>> = {}): boolean {
  const names = Object.keys(right);
  return names.length === Object.keys(left).length && names.every((name) => left[name] === right[name]);
}

/** What must be written for a person's balances to become others: whole buckets, emptied where nothing is left. */
export function changedBalances(
  personId: string,
  before: Balances | undefined,
  after: Balances,
): Pick<FeedWrites, 'accounts' | 'accumulators'> {
  const buckets = new Set([...Object.keys(before?.accumulators ?? {}), ...Object.keys(after.accumulators)]);
  const { current, carried } = after.accounts;
  const isAccountSame = before?.accounts.current === current && before.accounts.carried === carried;
  return {
    accounts: isAccountSame ? [] : [{ personId, current, carried }],
    accumulators: [...buckets].flatMap((bucket) => {
      const amounts = after.accumulators[bucket] ?? {};
      return same(before?.accumulators[bucket], amounts) ? [] : [{ personId, bucket, amounts }];
    }),
  };
}
