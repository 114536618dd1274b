/** A broken promise of our own code: never caught and relabelled, always a 500 and a rollback. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/**
 * States what must hold here. A failure is a bug in the engine, not bad input.
 *
 * @throws InvariantViolation
 */
export function invariant(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new InvariantViolation(promise);
}

/**
 * Marks a branch that the types rule out.
 *
 * @throws InvariantViolation
 */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unexpected case ${JSON.stringify(value)}`);
}
