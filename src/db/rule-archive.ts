import type { Knex } from 'knex';
import type { ArchivedRule, RuleArchive } from '../app/ports.ts';
import { insertRows } from './engine/bulk-insert.ts';
import { inTransaction } from './engine/in-transaction.ts';
import type { Row } from './engine/raw-rows.ts';

export function createRuleArchive(knex: Knex): RuleArchive {
  return {
    keep: (rules) =>
      inTransaction(knex, async (transaction) => {
        // A hash that is there has this content; replacing the hash by itself changes nothing, unlike INSERT IGNORE it
        // does not let a bad value through either.
        const rows = rules.map(({ hash, kind, region, content }) => ({ hash, kind, region, content }));
        await insertRows(transaction, 'rule_archive', rows, { key: ['hash'], columns: ['hash'] });
      }),

    async others(hashes) {
      const rows = (await knex('rule_archive').whereNotIn('hash', hashes).orderBy('hash').select('*')) as Row[];
      return rows.map((row) => ({
        hash: row.hash as string,
        kind: row.kind as ArchivedRule['kind'],
        region: row.region as string,
        content: row.content as string,
      }));
    },
  };
}
