import type { Knex } from 'knex';
import { insideTransaction } from '../../platform/transaction-guard.ts';

/** A knex transaction in which calling a partner is refused. */
export function inTransaction<T>(knex: Knex, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
  return knex.transaction((transaction) => insideTransaction(() => work(transaction)));
}
