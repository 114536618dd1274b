import { AsyncLocalStorage } from 'node:async_hooks';

const transaction = new AsyncLocalStorage<true>();

/**
 * Runs what a database does while it holds a transaction open. Whatever is started inside counts as inside, also when it
 * outlives the transaction: wrap no more than the transaction's own steps.
 */
export function insideTransaction<T>(work: () => T): T {
  return transaction.run(true, work);
}

/**
 * Refuses what may take seconds while locks are held: one silent partner would stop every counter.
 *
 * @throws Error (a bug, never caught and relabelled) inside `insideTransaction`
 */
export function assertOutsideTransaction(what: string): void {
  if (transaction.getStore() === true) throw new Error(`${what} was tried while a database transaction is open`);
}
