import { describe, expect, it } from 'vitest';
import { createCoalescer } from '../../src/platform/coalescer.ts';
import { AppError } from '../../src/platform/errors.ts';

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('coalescer', () => {
  it('runs a lone request at once, in a batch of one', async () => {
    const batches: number[][] = [];
    const coalescer = createCoalescer<number, number>({
      lanes: 1,
      batchMax: 8,
      queueMax: 8,
      run: (batch) => {
        batches.push([...batch]);
        return Promise.resolve(batch.map((value) => value * 2));
      },
    });
    await expect(coalescer.submit(21)).resolves.toBe(42);
    expect(batches).toEqual([[21]]);
  });

  it('makes one batch, in order and no larger than allowed, of what waits while a lane is busy', async () => {
    const { opened, open } = gate();
    const batches: number[][] = [];
    const coalescer = createCoalescer<number, number>({
      lanes: 1,
      batchMax: 3,
      queueMax: 100,
      run: async (batch) => {
        batches.push([...batch]);
        if (batches.length === 1) await opened;
        return batch;
      },
    });
    const first = coalescer.submit(0);
    await turn();
    const rest = [1, 2, 3, 4, 5].map((value) => coalescer.submit(value));
    expect(coalescer.waiting).toBe(5);
    open();
    await expect(Promise.all([first, ...rest])).resolves.toEqual([0, 1, 2, 3, 4, 5]);
    expect(batches).toEqual([[0], [1, 2, 3], [4, 5]]);
  });

  it('lets one bad request of a batch fail alone', async () => {
    const coalescer = createCoalescer<number, number>({
      lanes: 1,
      batchMax: 8,
      queueMax: 8,
      run: (batch) => (batch.includes(13) ? Promise.reject(new RangeError('13 is bad')) : Promise.resolve([...batch])),
    });
    const answers = await Promise.allSettled([1, 13, 3].map((value) => coalescer.submit(value)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('does not try one by one what failed for all of them', async () => {
    let tries = 0;
    const coalescer = createCoalescer<number, number>({
      lanes: 1,
      batchMax: 8,
      queueMax: 8,
      run: () => {
        tries += 1;
        return Promise.reject(new AppError('DATABASE_UNAVAILABLE', 'away', { status: 503, retryable: true }));
      },
    });
    const answers = await Promise.allSettled([1, 2, 3].map((value) => coalescer.submit(value)));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(tries).toBe(1);
  });

  it('refuses with a retryable 503 when the queue is full, and takes requests again afterwards', async () => {
    const { opened, open } = gate();
    const coalescer = createCoalescer<number, number>({
      lanes: 1,
      batchMax: 1,
      queueMax: 2,
      run: async (batch) => {
        await opened;
        return batch;
      },
    });
    const running = coalescer.submit(1);
    await turn();
    const waiting = [coalescer.submit(2), coalescer.submit(3)];
    const refused = await coalescer.submit(4).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({ code: 'OVERLOADED', status: 503, retryable: true });
    open();
    await Promise.all([running, ...waiting]);
    await expect(coalescer.submit(5)).resolves.toBe(5);
  });

  it('opens a further lane only for as many as are worth it', async () => {
    const { opened, open } = gate();
    const batches: (readonly number[])[] = [];
    const run = async (batch: readonly number[]) => {
      batches.push(batch);
      await opened;
      return batch;
    };
    const coalescer = createCoalescer<number, number>({ lanes: 3, laneWorth: 2, batchMax: 8, queueMax: 9, run });
    const all = [coalescer.submit(1)];
    await turn();
    all.push(coalescer.submit(2), coalescer.submit(3));
    await turn();
    expect(batches).toEqual([[1]]);
    all.push(coalescer.submit(4));
    await turn();
    expect(batches).toEqual([[1], [2, 3, 4]]);
    open();
    await Promise.all(all);
  });

  it('lets nobody wait for others behind a batch that is stuck', async () => {
    const { opened, open } = gate();
    const run = async (batch: readonly number[]) => {
      if (batch.includes(1)) await opened;
      return batch;
    };
    const coalescer = createCoalescer<number, number>({ lanes: 2, laneWorth: 16, batchMax: 8, queueMax: 9, run });
    const stuck = coalescer.submit(1);
    await turn();
    expect(await Promise.all([coalescer.submit(2), coalescer.submit(3)])).toEqual([2, 3]);
    expect(await coalescer.submit(4)).toBe(4);
    open();
    await stuck;
  });

  it('is drained only when nothing waits and nothing runs', async () => {
    const { opened, open } = gate();
    const done: string[] = [];
    const coalescer = createCoalescer<number, number>({
      lanes: 2,
      batchMax: 1,
      queueMax: 9,
      run: async (batch) => {
        await opened;
        done.push(`ran ${String(batch[0])}`);
        return batch;
      },
    });
    const all = [1, 2, 3].map((value) => coalescer.submit(value));
    const drained = coalescer.drained().then(() => done.push('drained'));
    await turn();
    open();
    await Promise.all([...all, drained]);
    expect(done).toEqual(['ran 1', 'ran 2', 'ran 3', 'drained']);
  });
});
