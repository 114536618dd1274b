import { takeFromFunds } from '../../core/lifecycle/adjustments.ts';
import type { Clock } from '../../platform/clock.ts';
import { adjustmentsFor, deductionEntry } from './objection-acts.ts';
import type { LifeStore } from './ports.ts';

/** What taking deductions back needs from outside. */
export interface UndoDeps {
  readonly life: Pick<LifeStore, 'reversedDeductions' | 'undoDeduction'>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly signal?: AbortSignal;
}

const AT_ONCE = 100;

/**
 * Takes the deduction back of every settlement that was reversed after an objection to it was upheld: the reversal takes
 * off all that the settlement entered, and money is taken off once. It goes into the window that is open.
 *
 * @shape how many were taken back
 * @throws what the store throws, the signal's reason
 */
export async function undoDeductions({ life, clock, newId, signal }: UndoDeps): Promise<number> {
  let undone = 0;
  for (;;) {
    const found = await life.reversedDeductions(AT_ONCE);
    for (const { objectionId } of found) {
      signal?.throwIfAborted();
      const nowMs = clock.now();
      await life.undoDeduction(objectionId, nowMs, (objection, { funds }, openWindowId) => {
        const byFund = takeFromFunds(funds, objection.deducted);
        const reason = 'the settlement was reversed after the deduction';
        const entered = { entryId: newId(), enteredAtMs: nowMs, enteredBy: 'calendar', reason };
        return {
          adjustments: adjustmentsFor(objection, openWindowId, 'undone', byFund),
          entry: deductionEntry(objection, byFund, 1, entered),
        };
      });
      undone += 1;
    }
    if (found.length < AT_ONCE) return undone;
  }
}
