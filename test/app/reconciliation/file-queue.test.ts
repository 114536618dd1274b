import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileQueue, type QueueDeps } from '../../../src/app/reconciliation/file-queue.ts';

const about = {
  fileName: 'day.csv',
  source: 'institution',
  party: 'H1',
  region: '330421',
  businessDate: '2026-11-24',
  sentBy: 'test',
} as const;

describe('the queue of files', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tongjie-queue-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('takes so many at once, also of files that are still on their way', async () => {
    const runs = {
      windowOn: () => Promise.resolve({ windowId: 1, isClosed: true }),
      hasClosed: () => Promise.resolve(false),
    };
    const log = { warn: () => undefined };
    const queue = createFileQueue({ runs, folder, log, clock: { now: () => 0 } } as unknown as QueueDeps);
    const gate = Promise.withResolvers<undefined>();
    async function* slow(): AsyncGenerator<Uint8Array> {
      await gate.promise;
      throw new Error('the connection ended');
    }
    async function* never(): AsyncGenerator<Uint8Array> {
      throw new Error('nobody reads this');
    }
    const onTheirWay = Array.from({ length: 50 }, () => queue.submit(about, slow()));
    const ended = Promise.allSettled(onTheirWay);
    await expect(queue.submit(about, never())).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true });
    gate.resolve(undefined);
    expect((await ended).map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 'rejected'));
    expect(readdirSync(folder)).toEqual([]);
    // Those that broke off have made room.
    await expect(queue.submit(about, never())).rejects.toThrow('nobody reads this');
    await queue.stop();
  });
});
