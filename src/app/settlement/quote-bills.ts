import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SettlementStore } from '../ports.ts';
import { judgeBill, type BillCommand, type Judgement, type Refusal } from './judge-bill.ts';

/** What a quote can come to: as settling would, but nothing is written and nothing is a repeat. */
export type QuoteOutcome = Judgement | Refusal | { readonly kind: 'failed'; readonly error: unknown };

/** What quoting needs from outside. */
export interface QuoteDeps {
  readonly store: Pick<SettlementStore, 'read'>;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
}

/**
 * Works out a batch of bills on the state as it is, each as if it were the only one.
 *
 * @shape commands → outcomes in the same order
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export async function quoteBills(deps: QuoteDeps, commands: readonly BillCommand[]): Promise<QuoteOutcome[]> {
  const personIds = new Set(
    commands.flatMap(({ personId, familyPayer }) => (familyPayer === undefined ? [personId] : [personId, familyPayer])),
  );
  const { persons } = await deps.store.read({ personIds: [...personIds], billKeys: [] });
  return commands.map((command) => {
    try {
      return judgeBill(command, (id) => persons.get(id), deps.rulebook(), deps.clock.now());
    } catch (error) {
      return { kind: 'failed', error };
    }
  });
}
