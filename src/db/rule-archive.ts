import type { Knex } from 'knex';
import type { RuleArchive } from '../app/ports.ts';
import { insertRows } from './bulk-insert.ts';
import { inTransaction } from './in-transaction.ts';

export function createRuleArchive(knex: Knex): RuleArchive {
  return {
    keep: (rules) =>
      inTransaction(knex, async (transaction) => {
        // A hash that is there has this content; replacing the hash by itself changes nothing, unlike INSERT IGNORE it
        // does not let a bad value through either.
        const rows = rules.map(({ hash, kind, region, content }) => ({ hash, kind, region, content }));
        await insertRows(transaction, 'rule_archive', rows, { key: ['hash'], columns: ['hash'] });
      }),
  };
}
