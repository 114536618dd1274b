import type { Fen } from '../money/fen.ts';
import type { Policy } from '../policy/policy.ts';
import { PERSON_PARTS, type AccountSource, type BenefitKind } from '../policy/terms.ts';
import type { AccountBalances } from './facts.ts';
import { takeFromParts, type PersonParts } from './person-parts.ts';
import type { TraceEntry } from './verdict.ts';

/** What each purse has paid so far in this bill. */
export type Paid = Record<AccountSource, Fen>;

/**
 * Lets purses pay the eligible amount before the deductible, where the policy says so.
 *
 * @shape expense, balances, paid (changed in place) → what was paid first; ≤ expense
 * @units fen
 * @rounding none
 * @source policy-facts A.1, A.3: current-year account → deductible → shared band
 */
export function payFirst(
  policy: Policy,
  benefit: BenefitKind,
  expense: Fen,
  balances: AccountBalances,
  paid: Paid,
  trace: TraceEntry[],
): Fen {
  let first = 0;
  for (const { source, first: kinds, row } of policy.accounts) {
    if (!kinds.includes(benefit)) continue;
    const amount = Math.min(balances[source] - paid[source], expense - first);
    if (amount === 0) continue;
    paid[source] += amount;
    first += amount;
    const inputs = { expense, balance: balances[source] };
    trace.push({ step: 'accountFirst', of: source, rows: [row], inputs, result: { paid: amount } });
  }
  return first;
}

/**
 * Pays what is left of the person's share from the purses, in the policy's order; the rest is cash.
 *
 * @shape parts after all funds, balances, paid (changed in place) → cash
 * @units fen
 * @rounding none
 * @source policy-facts G.13, C.3.16; config/policies/…#accounts
 */
export function payFromAccounts(
  policy: Policy,
  kind: BenefitKind,
  parts: Readonly<PersonParts>,
  balances: AccountBalances,
  paid: Paid,
  trace: TraceEntry[],
): Fen {
  const left: PersonParts = { ...parts, accountFirst: 0 };
  for (const { source, benefits, pays, row } of policy.accounts) {
    if (!benefits.includes(kind)) continue;
    const order = PERSON_PARTS.filter((part) => pays.includes(part));
    const payable = order.reduce((sum, part) => sum + left[part], 0);
    const amount = Math.min(balances[source] - paid[source], payable);
    if (amount === 0) continue;
    takeFromParts([left], order, amount);
    paid[source] += amount;
    const inputs = { payable, balance: balances[source] };
    trace.push({ step: 'account', of: source, rows: [row], inputs, result: { paid: amount } });
  }
  return PERSON_PARTS.reduce((sum, part) => sum + left[part], 0);
}
