import { beforeEach, expect, it } from 'vitest';
import type { OutboxMessage } from '../../src/app/ports.ts';
import type { Database } from '../../src/db/open-database.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { needFor, writesFor } from '../support/settlement-samples.ts';

const PARTNER = '320509';

function message(messageId: string, orderKey: string, createdAtMs: number, partnerRegion = PARTNER): OutboxMessage {
  return { messageId, partnerRegion, topic: 'settlement', subjectId: messageId, orderKey, createdAtMs };
}

describeEachDatabase('OutboxStore', (open) => {
  let database: Database;

  beforeEach(async () => {
    database = await open();
    const outbox = [
      message('b', 'anna', 20),
      message('a', 'anna', 10),
      message('c', 'bela', 20),
      message('d', 'anna', 30),
      message('e', 'anna', 5, '330421'),
    ];
    await database.settlementStore.transact(needFor([]), () => ({ writes: { ...writesFor([]), outbox }, result: 0 }));
  });

  const dueAt = async (nowMs: number, limit = 9): Promise<string[]> =>
    (await database.outboxStore.due(PARTNER, nowMs, limit)).map(({ messageId }) => messageId);

  it('hands out the messages of one partner, oldest first, as they were written', async () => {
    expect(await dueAt(100)).toEqual(['a', 'b', 'c', 'd']);
    expect(await dueAt(100, 2)).toEqual(['a', 'b']);
    expect(await database.outboxStore.due('330421', 100, 9)).toEqual([
      { ...message('e', 'anna', 5, '330421'), attempts: 0 },
    ]);
  });

  it('does not hand out again what was delivered', async () => {
    await database.outboxStore.delivered(['a', 'c', 'unknown'], 50);
    expect(await dueAt(100)).toEqual(['b', 'd']);
    await database.outboxStore.failed(['a'], 'too late', 60);
    expect(await dueAt(100)).toEqual(['b', 'd']);
  });

  it('holds back what follows a failure of the same key until that has gone through', async () => {
    await database.outboxStore.failed(['b'], `timeout ${'很长'.repeat(400)}`, 200);
    expect(await dueAt(100)).toEqual(['a', 'c']);
    expect(await dueAt(200)).toEqual(['a', 'b', 'c']);
    const [first] = (await database.outboxStore.due(PARTNER, 200, 9)).filter(({ messageId }) => messageId === 'b');
    expect(first).toEqual({ ...message('b', 'anna', 20), attempts: 1 });
    await database.outboxStore.failed(['a', 'b'], 'again', 300);
    expect(await dueAt(299)).toEqual(['c']);
    expect(await dueAt(300)).toEqual(['a', 'c']);
    expect(await database.outboxStore.due(PARTNER, 300, 1)).toMatchObject([{ messageId: 'a', attempts: 1 }]);
    await database.outboxStore.delivered(['a'], 301);
    expect(await dueAt(301)).toEqual(['b', 'c']);
    await database.outboxStore.delivered(['b'], 302);
    expect(await dueAt(302)).toEqual(['c', 'd']);
  });

  it('counts what waits', async () => {
    await database.outboxStore.failed(['a'], 'x', 200);
    await database.outboxStore.delivered(['d'], 50);
    expect(await database.outboxStore.pending()).toEqual([
      { partnerRegion: PARTNER, topic: 'settlement', count: 3 },
      { partnerRegion: '330421', topic: 'settlement', count: 1 },
    ]);
    await database.outboxStore.delivered(['a', 'b', 'c', 'e'], 60);
    expect(await database.outboxStore.pending()).toEqual([]);
    await database.outboxStore.delivered([], 60);
  });
});
