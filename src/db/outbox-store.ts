import type { Knex } from 'knex';
import type { OutboxMessage, OutboxStore, PendingMessage } from '../app/ports.ts';
import { exactInteger } from './exact-integer.ts';
import { rowsOf } from './raw-rows.ts';
import type { Row } from './settlement-rows.ts';

const IDS_MAX = 500;
const ERROR_LENGTH_MAX = 500;

// Failed messages have a state of their own: there are few of them, and the index finds them among millions that wait.
const DUE = `SELECT m.* FROM outbox m
  WHERE m.partner_region = ? AND m.state = ? AND m.next_attempt_at_ms <= ? AND NOT EXISTS (
    SELECT 1 FROM outbox earlier
    WHERE earlier.partner_region = m.partner_region AND earlier.state = 'failed' AND earlier.order_key = m.order_key
      AND (earlier.created_at_ms < m.created_at_ms
        OR (earlier.created_at_ms = m.created_at_ms AND earlier.message_id < m.message_id)))
  ORDER BY m.created_at_ms, m.message_id LIMIT ?`;

function messageOf(record: Row): PendingMessage {
  return {
    messageId: record.message_id as string,
    partnerRegion: record.partner_region as string,
    topic: record.topic as OutboxMessage['topic'],
    subjectId: record.subject_id as string,
    orderKey: record.order_key as string,
    createdAtMs: exactInteger(record.created_at_ms),
    attempts: exactInteger(record.attempts),
  };
}

function byAge(left: PendingMessage, right: PendingMessage): number {
  return left.createdAtMs - right.createdAtMs || (left.messageId < right.messageId ? -1 : 1);
}

export function createOutboxStore(knex: Knex): OutboxStore {
  async function update(messageIds: readonly string[], changes: object): Promise<void> {
    // In the order of ids, so that two runners cannot lock each other out.
    const sorted = [...messageIds].sort();
    for (let from = 0; from < sorted.length; from += IDS_MAX) {
      await knex('outbox')
        .whereIn('message_id', sorted.slice(from, from + IDS_MAX))
        .whereNot('state', 'delivered')
        .update(changes);
    }
  }

  return {
    async due(partnerRegion, nowMs, limit) {
      const failed = await rowsOf<Row>(knex, DUE, [partnerRegion, 'failed', nowMs, limit]);
      const fresh = await rowsOf<Row>(knex, DUE, [partnerRegion, 'pending', nowMs, limit]);
      return [...failed, ...fresh].map(messageOf).sort(byAge).slice(0, limit);
    },

    delivered: (messageIds, atMs) => update(messageIds, { state: 'delivered', delivered_at_ms: atMs }),

    failed: (messageIds, error, nextAttemptAtMs) =>
      update(messageIds, {
        state: 'failed',
        attempts: knex.raw('attempts + 1'),
        last_error: error.slice(0, ERROR_LENGTH_MAX),
        next_attempt_at_ms: nextAttemptAtMs,
      }),

    async pending() {
      const rows = await rowsOf<Row>(
        knex,
        `SELECT partner_region, topic, COUNT(*) AS messages FROM outbox WHERE state <> 'delivered'
         GROUP BY partner_region, topic ORDER BY partner_region, topic`,
      );
      return rows.map((row) => ({
        partnerRegion: row.partner_region as string,
        topic: row.topic as string,
        count: exactInteger(row.messages),
      }));
    },
  };
}
