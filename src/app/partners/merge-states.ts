import type { BreakerPosition, OperationState } from './ports.ts';

const WORST_FIRST: readonly BreakerPosition[] = ['open', 'halfOpen', 'closed'];

function worse(left: OperationState, right: OperationState): OperationState {
  const [one, other] = [WORST_FIRST.indexOf(left.position), WORST_FIRST.indexOf(right.position)];
  if (one !== other) return one < other ? left : right;
  return left.sinceMs <= right.sinceMs ? left : right;
}

function merge(left: OperationState, right: OperationState): OperationState {
  const { position, sinceMs } = worse(left, right);
  const errors = [left.lastError, right.lastError].filter((error) => error !== undefined);
  return {
    partner: left.partner,
    operation: left.operation,
    position,
    sinceMs,
    fires: left.fires + right.fires,
    failures: left.failures + right.failures,
    timeouts: left.timeouts + right.timeouts,
    rejects: left.rejects + right.rejects,
    lastError: errors.sort((one, other) => other.atMs - one.atMs)[0],
  };
}

/**
 * Puts together what several processes see of the same operation: the worst position, and all their calls.
 *
 * @shape states of processes → one a partner and operation, sorted
 */
export function mergeStates(states: readonly OperationState[]): OperationState[] {
  const byOperation = Map.groupBy(states, ({ partner, operation }) => `${partner} ${operation}`);
  return [...byOperation.entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, alike]) => alike.reduce(merge));
}
