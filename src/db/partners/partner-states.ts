import type { Knex } from 'knex';
import type { BreakerPosition, OperationState, PartnerStates } from '../../app/partners/ports.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import type { Row } from '../engine/raw-rows.ts';

/** A process that is silent for so long has ended. */
const FORGOTTEN_AFTER_MS = 120_000;
const MESSAGE_LENGTH_MAX = 500;

const KEY = ['partner_region', 'operation', 'process'];
const VALUES = [
  'reported_at_ms',
  'breaker',
  'since_ms',
  'fires',
  'failures',
  'timeouts',
  'rejects',
  'error_code',
  'error_message',
  'error_at_ms',
];

function rowOf(process: string, state: OperationState, atMs: number) {
  const { partner, operation, position, sinceMs, fires, failures, timeouts, rejects, lastError } = state;
  return {
    partner_region: partner,
    operation,
    process,
    reported_at_ms: atMs,
    breaker: position,
    since_ms: sinceMs,
    fires,
    failures,
    timeouts,
    rejects,
    error_code: lastError?.code ?? null,
    error_message: lastError?.message.slice(0, MESSAGE_LENGTH_MAX) ?? null,
    error_at_ms: lastError?.atMs ?? null,
  };
}

function stateOf(row: Row): OperationState {
  const count = (column: string): number => exactInteger(row[column]);
  return {
    partner: row.partner_region as string,
    operation: row.operation as string,
    position: row.breaker as BreakerPosition,
    sinceMs: count('since_ms'),
    fires: count('fires'),
    failures: count('failures'),
    timeouts: count('timeouts'),
    rejects: count('rejects'),
    lastError:
      row.error_code === null
        ? undefined
        : {
            code: row.error_code as string,
            message: (row.error_message as string | null) ?? '',
            atMs: count('error_at_ms'),
          },
  };
}

export function createPartnerStates(knex: Knex): PartnerStates {
  return {
    report: (process, states, atMs) =>
      inTransaction(knex, async (transaction) => {
        await transaction('partner_state')
          .where('reported_at_ms', '<', atMs - FORGOTTEN_AFTER_MS)
          .delete();
        const rows = states.map((state) => rowOf(process, state, atMs));
        await insertRows(transaction, 'partner_state', rows, { key: KEY, columns: VALUES });
      }),

    async all(nowMs) {
      const rows = await knex<Row>('partner_state')
        .where('reported_at_ms', '>=', nowMs - FORGOTTEN_AFTER_MS)
        .orderBy(KEY)
        .select('*');
      return rows.map(stateOf);
    },
  };
}
