import type { Knex } from 'knex';
import type { KeyStore, Principal } from '../app/ports.ts';
import { insertRows } from './engine/bulk-insert.ts';
import { inTransaction } from './engine/in-transaction.ts';
import type { Row } from './engine/raw-rows.ts';

export function createKeyStore(knex: Knex): KeyStore {
  return {
    add: (keys) =>
      inTransaction(knex, async (transaction) => {
        const rows = keys.map(({ keyHash, principal: { kind, id, region } }) => ({
          key_hash: keyHash,
          kind,
          principal_id: id,
          region: region ?? null,
        }));
        await insertRows(transaction, 'api_key', rows, {
          key: ['key_hash'],
          columns: ['kind', 'principal_id', 'region'],
        });
      }),

    async all() {
      const rows = (await knex('api_key').orderBy('key_hash').select('*')) as Row[];
      return rows.map((row) => ({
        keyHash: row.key_hash as string,
        principal: {
          kind: row.kind as Principal['kind'],
          id: row.principal_id as string,
          ...(row.region !== null && { region: row.region as string }),
        },
      }));
    },
  };
}
