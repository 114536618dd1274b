import type { Knex } from 'knex';
import type { LeaseStore } from '../../app/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import type { Row } from '../engine/raw-rows.ts';

const NOBODY = '';

/** Leases as rows, not as locks of a session: a row is the same on every node of a replicated database. */
export function createLeaseStore(knex: Knex): LeaseStore {
  return {
    acquire: (name, holder, nowMs, ttlMs) =>
      inTransaction(knex, async (transaction) => {
        // The row is there before it is asked for, so that asking locks a row and never a gap.
        const free = { name, holder: NOBODY, token: 0, expires_at_ms: 0 };
        await transaction('lease').insert(free).onConflict('name').merge(['name']);
        const [row] = await transaction<Row>('lease').where('name', name).select('*');
        const isHeld = exactInteger(row?.expires_at_ms) > nowMs;
        if (isHeld && row?.holder !== holder) return undefined;
        // A holder who let it run out starts anew: it may be another process of the same name.
        const token = exactInteger(row?.token) + (isHeld ? 0 : 1);
        await transaction('lease')
          .where({ name })
          .update({ holder, token, expires_at_ms: nowMs + ttlMs });
        return { token };
      }),

    async release(name, holder) {
      await knex('lease').where({ name, holder }).update({ holder: NOBODY, expires_at_ms: 0 });
    },
  };
}
