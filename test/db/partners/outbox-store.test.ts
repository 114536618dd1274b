import { beforeEach, expect, it } from 'vitest';
import type { Failure, PendingMessage } from '../../../src/app/outbox/ports.ts';
import type { OutboxMessage } from '../../../src/app/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { needFor, writesFor } from '../../support/settlement-samples.ts';

const PARTNER = '320509';

function message(messageId: string, orderKey: string, createdAtMs: number, partnerRegion = PARTNER): OutboxMessage {
  return { messageId, partnerRegion, topic: 'settlement', subjectId: messageId, orderKey, createdAtMs };
}

function failure(nextAttemptAtMs: number, changes: Partial<Failure> = {}): Failure {
  return { reason: 'timeout', atMs: 50, nextAttemptAtMs, isStrike: false, isDead: false, ...changes };
}

describeEachDatabase('OutboxStore', (open) => {
  let database: Database;

  async function write(...outbox: readonly OutboxMessage[]): Promise<void> {
    await database.settlementStore.transact(needFor([]), () => ({ writes: { ...writesFor([]), outbox }, result: 0 }));
  }

  beforeEach(async () => {
    database = await open();
    await write(
      message('b', 'anna', 20),
      message('a', 'anna', 10),
      message('c', 'bela', 20),
      message('d', 'anna', 30),
      message('e', 'anna', 5, '330421'),
    );
  });

  const due = (nowMs = 100, limit = 9) => database.outboxStore.due(PARTNER, nowMs, limit);
  const idsOf = (messages: readonly { messageId: string }[]): string[] => messages.map(({ messageId }) => messageId);
  const dueAt = async (nowMs: number, limit = 9): Promise<string[]> => idsOf(await due(nowMs, limit));

  /** Messages as they are due now, by id. */
  async function these(ids: readonly string[], nowMs = 10_000): Promise<PendingMessage[]> {
    const found = await due(nowMs, 100);
    return ids.flatMap((id) => found.find(({ messageId }) => messageId === id) ?? []);
  }
  const fail = async (ids: readonly string[], why: Failure, nowMs = 10_000): Promise<void> =>
    database.outboxStore.failed(await these(ids, nowMs), why);
  const deliver = async (ids: readonly string[]): Promise<void> => database.outboxStore.delivered(await these(ids));

  it('hands out the messages of one partner, oldest first, as they were written', async () => {
    expect(await dueAt(100)).toEqual(['a', 'b', 'c', 'd']);
    expect(await dueAt(100, 2)).toEqual(['a', 'b']);
    expect(await database.outboxStore.due('330421', 100, 9)).toEqual([
      { ...message('e', 'anna', 5, '330421'), attempts: 0, strikes: 0 },
    ]);
  });

  it('does not hand out again what was delivered, also when it is noted as failed too late', async () => {
    const late = await these(['a']);
    await deliver(['a', 'c']);
    expect(await dueAt(100)).toEqual(['b', 'd']);
    await database.outboxStore.delivered(late);
    expect(await dueAt(100)).toEqual(['b', 'd']);
  });

  it('holds back what follows a failure of the same key until that has gone through', async () => {
    await fail(['b'], failure(200, { reason: `timeout ${'很长'.repeat(400)}` }));
    expect(await dueAt(100)).toEqual(['a', 'c']);
    expect(await dueAt(200)).toEqual(['a', 'b', 'c']);
    expect(await these(['b'])).toEqual([{ ...message('b', 'anna', 20), attempts: 1, strikes: 0 }]);
    await fail(['a'], failure(300));
    expect(await dueAt(299)).toEqual(['c']);
    expect(await dueAt(300)).toEqual(['a', 'c']);
    expect(await due(300, 1)).toMatchObject([{ messageId: 'a', attempts: 1 }]);
    await deliver(['a']);
    expect(await dueAt(301)).toEqual(['b', 'c']);
    await fail(['b'], failure(400, { isStrike: true }));
    expect(await these(['b'])).toMatchObject([{ attempts: 2, strikes: 1 }]);
    await deliver(['b']);
    expect(await dueAt(302)).toEqual(['c', 'd']);
  });

  it('is due at once when the partner is back, unless it failed by its own fault', async () => {
    await fail(['a'], failure(9000));
    await fail(['c'], failure(9000, { isStrike: true }));
    await database.outboxStore.hasten('330421', 60);
    expect(await dueAt(60)).toEqual([]);
    await database.outboxStore.hasten(PARTNER, 60);
    expect(await dueAt(60)).toEqual(['a']);
  });

  it('finds the youngest of keys of which nothing older waits', async () => {
    await write(message('f', 'cleo', 40), message('g', 'bela', 41), message('h', 'dora', 42), message('i', 'dora', 43));
    const latest = async (limit: number): Promise<string[]> => idsOf(await database.outboxStore.latest(PARTNER, limit));
    expect(await latest(4)).toEqual(['f', 'h', 'i']);
    expect(await latest(100)).toEqual(['a', 'b', 'c', 'd', 'f', 'g', 'h', 'i']);
    await fail(['h'], failure(200));
    expect(await latest(3)).toEqual(['f']);
    expect(await database.outboxStore.latest('310118', 9)).toEqual([]);
  });

  it('keeps dead letters and what is behind them until a person decides', async () => {
    await fail(['a', 'c'], failure(60, { reason: 'PARTNER_REFUSED: E-7', isDead: true, isStrike: true }));
    expect(await dueAt(100_000)).toEqual([]);
    const dead = await database.outboxStore.deadLetters(PARTNER, '', 9);
    expect(dead).toEqual([
      {
        ...message('a', 'anna', 10),
        attempts: 1,
        strikes: 1,
        reason: 'PARTNER_REFUSED: E-7',
        deadSinceMs: 50,
        holdsBack: 2,
      },
      expect.objectContaining({ messageId: 'c', holdsBack: 0 }),
    ]);
    expect(idsOf(await database.outboxStore.deadLetters(undefined, 'a', 9))).toEqual(['c']);
    expect(await database.outboxStore.deadLetters('330421', '', 9)).toEqual([]);
    expect(await database.outboxStore.backlogs()).toEqual([
      { partnerRegion: PARTNER, waiting: 4, failed: 0, dead: 2, oldestAtMs: 10 },
      { partnerRegion: '330421', waiting: 1, failed: 0, dead: 0, oldestAtMs: 5 },
    ]);

    const decide = (messageId: string, action: 'resend' | 'discard', region?: string) =>
      database.outboxStore.decide({ messageId, region, action, by: 'wang', reason: '已电话确认', atMs: 70 });
    expect(await decide('a', 'resend', '330421')).toBe(false);
    expect(await decide('b', 'resend')).toBe(false);
    expect(await decide('没有', 'resend')).toBe(false);
    expect(await decide('a', 'resend', PARTNER)).toBe(true);
    expect(await decide('a', 'resend')).toBe(false);
    expect(await these(['a'], 70)).toMatchObject([{ attempts: 1, strikes: 0 }]);
    expect(await decide('c', 'discard')).toBe(true);
    await deliver(['a']);
    expect(await dueAt(100_000)).toEqual(['b', 'd']);
    await write(message('j', 'bela', 90));
    expect(await dueAt(100)).toEqual(['b', 'd', 'j']);
  });

  it('counts what waits', async () => {
    await fail(['a'], failure(200));
    expect(await database.outboxStore.pending()).toEqual([
      { partnerRegion: PARTNER, topic: 'settlement', count: 4 },
      { partnerRegion: '330421', topic: 'settlement', count: 1 },
    ]);
    await deliver(['a']);
    await deliver(['b', 'c', 'd']);
    await database.outboxStore.delivered(await database.outboxStore.due('330421', 0, 9));
    expect(await database.outboxStore.pending()).toEqual([]);
    expect(await database.outboxStore.backlogs()).toEqual([]);
    await database.outboxStore.delivered([]);
    await database.outboxStore.failed([], failure(1));
  });
});
