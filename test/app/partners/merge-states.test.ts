import { expect, it } from 'vitest';
import { mergeStates } from '../../../src/app/partners/merge-states.ts';
import type { OperationState } from '../../../src/app/partners/ports.ts';

function state(changes: Partial<OperationState>): OperationState {
  const counts = { fires: 10, failures: 3, timeouts: 1, rejects: 2 };
  const about = { partner: '330421', operation: 'messages', position: 'closed', sinceMs: 5 } as const;
  return { ...about, ...counts, lastError: undefined, ...changes };
}

it('takes the worst position, since when it is so, all calls, and the last error', () => {
  const [early, late] = [7, 9].map((atMs) => ({ code: 'PARTNER_TIMEOUT', message: `at ${String(atMs)}`, atMs }));
  const merged = mergeStates([
    state({ lastError: early }),
    state({ position: 'open', sinceMs: 8, lastError: late }),
    state({ position: 'open', sinceMs: 6 }),
    state({ position: 'halfOpen', sinceMs: 1 }),
    state({ operation: 'eligibility' }),
    state({ partner: '320509', position: 'halfOpen' }),
  ]);
  expect(merged).toEqual([
    state({ partner: '320509', position: 'halfOpen' }),
    state({ operation: 'eligibility' }),
    state({ position: 'open', sinceMs: 6, fires: 40, failures: 12, timeouts: 4, rejects: 8, lastError: late }),
  ]);
  expect(mergeStates([])).toEqual([]);
});
