import type { Knex } from 'knex';
import type { DeadLetter, OutboxStore, PendingMessage } from '../../app/outbox/ports.ts';
import type { OutboxMessage } from '../../app/ports.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { retryContention } from '../engine/retry-contention.ts';
import { canBeId, marks } from '../engine/sql-text.ts';

const ROWS_MAX = 100;
const ERROR_LENGTH_MAX = 500;

/** Whether an older message of the same key failed and is not done with. */
const NOTHING_HELD_BEFORE = `NOT EXISTS (
    SELECT 1 FROM outbox_held e
    WHERE e.partner_region = m.partner_region AND e.order_key = m.order_key AND e.state <> 'discarded'
      AND (e.created_at_ms < m.created_at_ms OR (e.created_at_ms = m.created_at_ms AND e.message_id < m.message_id)))`;

const FRESH = `SELECT m.* FROM outbox m WHERE m.partner_region = ? AND ${NOTHING_HELD_BEFORE}
  ORDER BY m.created_at_ms, m.message_id LIMIT ?`;
const LATEST = `SELECT m.* FROM outbox m WHERE m.partner_region = ? AND ${NOTHING_HELD_BEFORE}
  ORDER BY m.created_at_ms DESC, m.message_id DESC LIMIT ?`;
const RETRIES = `SELECT m.* FROM outbox_held m
  WHERE m.partner_region = ? AND m.state = 'failed' AND m.next_attempt_at_ms <= ? AND ${NOTHING_HELD_BEFORE}
  ORDER BY m.created_at_ms, m.message_id LIMIT ?`;

function messageOf(record: Row): PendingMessage {
  return {
    messageId: record.message_id as string,
    partnerRegion: record.partner_region as string,
    topic: record.topic as OutboxMessage['topic'],
    subjectId: record.subject_id as string,
    orderKey: record.order_key as string,
    createdAtMs: exactInteger(record.created_at_ms),
    attempts: exactInteger(record.attempts ?? 0),
    strikes: exactInteger(record.strikes ?? 0),
  };
}

function rowOf(message: OutboxMessage) {
  return {
    message_id: message.messageId,
    partner_region: message.partnerRegion,
    topic: message.topic,
    subject_id: message.subjectId,
    order_key: message.orderKey,
    created_at_ms: message.createdAtMs,
  };
}

function byAge(left: PendingMessage, right: PendingMessage): number {
  return left.createdAtMs - right.createdAtMs || (left.messageId < right.messageId ? -1 : 1);
}

/** What failed before lies in a table of its own. */
function isHeld({ attempts }: PendingMessage): boolean {
  return attempts > 0;
}

/** Takes messages out of the table of what never failed, each by its whole key. */
async function removeFresh(knex: Knex, messages: readonly PendingMessage[]): Promise<void> {
  const sorted = [...messages].sort(byAge);
  for (let from = 0; from < sorted.length; from += ROWS_MAX) {
    const some = sorted.slice(from, from + ROWS_MAX);
    const one = '(partner_region = ? AND created_at_ms = ? AND message_id = ?)';
    const keys = some.flatMap(({ partnerRegion, createdAtMs, messageId }) => [partnerRegion, createdAtMs, messageId]);
    await knex.raw(`DELETE FROM outbox WHERE ${some.map(() => one).join(' OR ')}`, keys);
  }
}

/** In the order of ids, so that two runners cannot lock each other out. */
function sortedIds(messages: readonly PendingMessage[]): string[] {
  return messages.map(({ messageId }) => messageId).sort();
}

async function deadLettersOf(
  knex: Knex,
  partnerRegion: string | undefined,
  after: string,
  limit: number,
): Promise<DeadLetter[]> {
  const where = partnerRegion === undefined ? '' : 'AND m.partner_region = ?';
  const counted = (table: string): string => `(SELECT COUNT(*) FROM ${table} b
    WHERE b.partner_region = m.partner_region AND b.order_key = m.order_key AND b.created_at_ms >= m.created_at_ms
      AND b.message_id <> m.message_id ${table === 'outbox' ? '' : "AND b.state <> 'discarded'"})`;
  const rows = await rowsOf<Row>(
    knex,
    `SELECT m.*, ${counted('outbox')} + ${counted('outbox_held')} AS holds_back FROM outbox_held m
     WHERE m.state = 'dead' AND m.message_id > ? ${where} ORDER BY m.message_id LIMIT ?`,
    [after, ...(partnerRegion === undefined ? [] : [partnerRegion]), limit],
  );
  return rows.map((row) => ({
    ...messageOf(row),
    reason: row.last_error as string,
    deadSinceMs: exactInteger(row.failed_at_ms),
    holdsBack: exactInteger(row.holds_back),
  }));
}

export function createOutboxStore(knex: Knex): OutboxStore {
  return {
    async due(partnerRegion, nowMs, limit) {
      const retries = await rowsOf<Row>(knex, RETRIES, [partnerRegion, nowMs, limit]);
      const fresh = await rowsOf<Row>(knex, FRESH, [partnerRegion, limit]);
      return [...retries, ...fresh].map(messageOf).sort(byAge).slice(0, limit);
    },

    async latest(partnerRegion, limit) {
      const candidates = (await rowsOf<Row>(knex, LATEST, [partnerRegion, limit])).map(messageOf).reverse();
      const [oldest] = candidates;
      if (oldest === undefined) return [];
      const keys = [...new Set(candidates.map(({ orderKey }) => orderKey))];
      const { createdAtMs, messageId } = oldest;
      const waiting = await rowsOf<Row>(
        knex,
        `SELECT DISTINCT order_key FROM outbox WHERE partner_region = ? AND created_at_ms <= ?
           AND (created_at_ms < ? OR message_id < ?) AND order_key IN (${marks(keys)})`,
        [partnerRegion, createdAtMs, createdAtMs, messageId, ...keys],
      );
      const behind = new Set(waiting.map((row) => row.order_key as string));
      return candidates.filter(({ orderKey }) => !behind.has(orderKey));
    },

    delivered: (messages) =>
      retryContention(async () => {
        const fresh = messages.filter((message) => !isHeld(message));
        await removeFresh(knex, fresh);
        const held = sortedIds(messages.filter(isHeld));
        if (held.length > 0) await knex('outbox_held').whereIn('message_id', held).delete();
      }),

    async failed(messages, { reason, atMs, nextAttemptAtMs, isStrike, isDead }) {
      const after = {
        state: isDead ? 'dead' : 'failed',
        next_attempt_at_ms: nextAttemptAtMs,
        last_error: reason.slice(0, ERROR_LENGTH_MAX),
        failed_at_ms: atMs,
      };
      const strikes = isStrike ? 1 : 0;
      const fresh = messages.filter((message) => !isHeld(message)).sort(byAge);
      if (fresh.length > 0) {
        const rows = fresh.map((message) => ({ ...rowOf(message), ...after, attempts: 1, strikes }));
        const move = async (transaction: Knex.Transaction): Promise<void> => {
          // What another runner noted meanwhile stays as that one noted it.
          await insertRows(transaction, 'outbox_held', rows, { key: ['message_id'], columns: ['message_id'] });
          await removeFresh(transaction, fresh);
        };
        await inTransaction(knex, move);
      }
      const held = sortedIds(messages.filter(isHeld));
      if (held.length === 0) return;
      const counted = { attempts: knex.raw('attempts + 1'), strikes: knex.raw('strikes + ?', [strikes]) };
      await retryContention(() =>
        knex('outbox_held')
          .whereIn('message_id', held)
          .where('state', 'failed')
          .update({ ...after, ...counted }),
      );
    },

    async hasten(partnerRegion, nowMs) {
      // Found first and changed by id: a range that is changed is locked, and with it what others are about to note.
      const waiting = await knex<Row>('outbox_held')
        .where({ partner_region: partnerRegion, state: 'failed', strikes: 0 })
        .where('next_attempt_at_ms', '>', nowMs)
        .select('message_id');
      const ids = waiting.map((row) => row.message_id as string).sort();
      if (ids.length === 0) return;
      await retryContention(() =>
        knex('outbox_held').whereIn('message_id', ids).where('state', 'failed').update({ next_attempt_at_ms: nowMs }),
      );
    },

    async pending() {
      const rows = await rowsOf<Row>(
        knex,
        `SELECT partner_region, topic, COUNT(*) AS messages FROM (
           SELECT partner_region, topic FROM outbox
           UNION ALL SELECT partner_region, topic FROM outbox_held WHERE state <> 'discarded') waiting
         GROUP BY partner_region, topic ORDER BY partner_region, topic`,
      );
      return rows.map((row) => ({
        partnerRegion: row.partner_region as string,
        topic: row.topic as string,
        count: exactInteger(row.messages),
      }));
    },

    async backlogs() {
      const rows = await rowsOf<Row>(
        knex,
        `SELECT partner_region, SUM(messages) AS waiting, SUM(failed) AS failed, SUM(dead) AS dead, MIN(oldest) AS oldest
         FROM (
           SELECT partner_region, COUNT(*) AS messages, 0 AS failed, 0 AS dead, MIN(created_at_ms) AS oldest
           FROM outbox GROUP BY partner_region
           UNION ALL
           SELECT partner_region, COUNT(*), SUM(state = 'failed'), SUM(state = 'dead'), MIN(created_at_ms)
           FROM outbox_held WHERE state <> 'discarded' GROUP BY partner_region) part
         GROUP BY partner_region ORDER BY partner_region`,
      );
      return rows.map((row) => ({
        partnerRegion: row.partner_region as string,
        waiting: exactInteger(row.waiting),
        failed: exactInteger(row.failed),
        dead: exactInteger(row.dead),
        oldestAtMs: exactInteger(row.oldest),
      }));
    },

    deadLetters: (partnerRegion, after, limit) => deadLettersOf(knex, partnerRegion, after, limit),

    async decide({ messageId, region, action, by, reason, atMs }) {
      if (!canBeId(messageId)) return false;
      const after =
        action === 'resend' ? { state: 'failed', strikes: 0, next_attempt_at_ms: atMs } : { state: 'discarded' };
      const changed = await knex('outbox_held')
        .where({ message_id: messageId, state: 'dead', ...(region !== undefined && { partner_region: region }) })
        .update({ ...after, handled_by: by, handled_reason: reason, handled_at_ms: atMs });
      return changed > 0;
    },
  };
}
