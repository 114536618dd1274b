import { adjudicate } from '../../src/core/adjudicate/adjudicate.ts';
import { applyChanges, revertChanges } from '../../src/core/adjudicate/accumulate.ts';
import type { Accumulators, AccountBalances, Facts } from '../../src/core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../src/core/adjudicate/verdict.ts';
import { differences } from './compare.ts';
import type { History } from './generate.ts';
import { judge, type Amounts, type Refusal } from './oracle.ts';

/** A bill of a history as it was settled. */
export interface Settled {
  readonly facts: Facts;
  readonly verdict: Verdict;
}

export interface Disagreement {
  readonly facts: Facts;
  readonly differences: readonly string[];
  readonly engine: Verdict | Rejection | undefined;
  readonly oracle: Amounts | Refusal;
}

/** What is left in the purses after a bill. */
export function balancesAfter(before: AccountBalances, { accounts }: Pick<Verdict, 'accounts'>): AccountBalances {
  return {
    current: before.current - accounts.current,
    carried: before.carried - accounts.carried,
    family: before.family - accounts.family,
  };
}

/** Accumulators without those that stand at nothing: a missing one is 0. */
export function standing(accumulators: Accumulators): Record<string, number> {
  const entries = Object.entries(accumulators).flatMap(([bucket, names]) =>
    Object.entries(names).map(([name, value]) => [`${bucket} ${name}`, value] as const),
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Settles a history bill by bill; rejected bills leave no mark. */
export function settle(history: History): Settled[] {
  let { accumulators, accounts } = history;
  const settled: Settled[] = [];
  for (const visit of history.visits) {
    const facts: Facts = { ...visit, person: history.person, accumulators, accounts };
    const verdict = adjudicate(facts, history.rulebook);
    if (verdict.kind === 'rejection') continue;
    settled.push({ facts, verdict });
    accumulators = applyChanges(accumulators, verdict.accumulators);
    accounts = balancesAfter(accounts, verdict);
  }
  return settled;
}

function agree(facts: Facts, history: History, oracle: Amounts | Refusal): string[] {
  const engine = adjudicate(facts, history.rulebook);
  if (engine.kind === 'rejection') return differences(engine, facts.accumulators, oracle);
  const after = applyChanges(facts.accumulators, engine.accumulators);
  const found = differences(engine, after, oracle);
  const restored = JSON.stringify(standing(revertChanges(after, engine.accumulators)));
  if (restored !== JSON.stringify(standing(facts.accumulators)))
    found.push(`reversal left accumulators at ${restored}`);
  return found;
}

/**
 * Lets engine and oracle work out a history side by side, each bill from where the oracle stands after the one before,
 * and reverses each of the engine's verdicts on the way.
 *
 * @returns the first bill on which they differ; undefined when there is none
 */
export function disagreement(history: History, onBill?: (oracle: Amounts | Refusal) => void): Disagreement | undefined {
  let { accumulators, accounts } = history;
  for (const visit of history.visits) {
    const facts: Facts = { ...visit, person: history.person, accumulators, accounts };
    const oracle = judge(facts, history.rulebook);
    onBill?.(oracle);
    let found: string[];
    try {
      found = agree(facts, history, oracle);
    } catch (error) {
      found = [`engine threw ${String(error)}`];
    }
    if (found.length > 0) {
      const engine = found[0]?.startsWith('engine threw') ? undefined : adjudicate(facts, history.rulebook);
      return { facts, differences: found, engine, oracle };
    }
    if (oracle.rejection !== undefined) continue;
    accumulators = oracle.after;
    const { current, carried, family } = oracle.accounts;
    accounts = balancesAfter(accounts, {
      accounts: { current: Number(current), carried: Number(carried), family: Number(family) },
    });
  }
  return undefined;
}
