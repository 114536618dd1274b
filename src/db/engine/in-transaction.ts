import type { Knex } from 'knex';
import { insideTransaction } from '../../platform/transaction-guard.ts';
import { isDeadlock } from './driver-errors.ts';
import { retryContention } from './retry-contention.ts';

/** A knex transaction in which calling a partner is refused; one that lost a deadlock is rolled back and done again. */
export function inTransaction<T>(knex: Knex, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
  const transact = (): Promise<T> => knex.transaction((transaction) => insideTransaction(() => work(transaction)));
  return retryContention(transact, isDeadlock);
}
