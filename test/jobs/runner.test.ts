import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import type { ClearingDeps } from '../../src/app/clearing/run-clearing.ts';
import { clearingJob, clearNow } from '../../src/jobs/clearing-job.ts';
import { keepJob, runJob, type RunnerDeps } from '../../src/jobs/runner.ts';
import type { Database } from '../../src/db/open-database.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { clearingPorts } from '../support/clearing.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { needFor, samplePerson, sampleSettlement, writing } from '../support/settlement-samples.ts';

const REGIONS = ['310118', '320509', '330421'];

describeEachDatabase('jobs', (open) => {
  const newId = createIdSource(() => Date.now());

  async function begin(time: string) {
    const database = await open();
    const clock = fakeClock(time);
    return { database, clock, ...process(database, clock) };
  }

  /** What another process on the same database has. */
  function process(database: Database, clock: FakeClock) {
    const { leaseStore: leases } = database;
    const logged: { message: string; job?: string }[] = [];
    const write = (facts: object, message: string): void => void logged.push({ ...facts, message });
    const runner: RunnerDeps = { leases, clock, newId, retryMs: 20, log: { info: write, warn: write } };
    const clearing: ClearingDeps = { ...clearingPorts(database), regions: REGIONS, clock };
    return { logged, runner, clearing };
  }

  async function states({ clearingStore }: Database): Promise<string[]> {
    const windows = await clearingStore.windows(100);
    return windows.map(({ businessDate, state }) => `${businessDate.slice(5)} ${state}`).reverse();
  }

  it('catch up at start what was missed while nobody ran, and log how long it took', async () => {
    const { database, runner, clearing, logged } = await begin('2026-11-27 09:00');
    const kept = keepJob(runner, clearingJob(clearing));
    await vi.waitFor(async () =>
      expect(await states(database)).toEqual(['11-24 issued', '11-25 issued', '11-26 issued', '11-27 open']),
    );
    await kept.stop();
    expect(logged).toEqual([
      {
        message: 'job done',
        job: 'clearing',
        token: expect.any(Number) as number,
        tookMs: expect.any(Number) as number,
      },
    ]);
  });

  it('run again at each trigger, by the clock of that moment', async () => {
    const { database, clock, runner, clearing } = await begin('2026-11-24 23:59');
    const kept = keepJob(runner, clearingJob(clearing));
    await sleep(100);
    expect(await states(database)).toEqual(['11-24 open']);
    clock.put('2026-11-25 00:30');
    kept.trigger();
    await vi.waitFor(async () => expect(await states(database)).toEqual(['11-24 issued', '11-25 open']));
    await kept.stop();
  });

  it('bear a clock that is put back or far forward', async () => {
    const { database, clock, runner, clearing } = await begin('2026-11-26 00:30');
    await runJob(runner, clearingJob(clearing));
    clock.put('2026-11-20 00:30');
    expect(await runJob(runner, clearingJob(clearing))).toEqual({ kind: 'done', result: [] });
    expect(await states(database)).toEqual(['11-24 issued', '11-25 issued', '11-26 open']);
    clock.put('2026-12-26 00:30');
    expect(await runJob(runner, clearingJob(clearing))).toMatchObject({ kind: 'done', result: { length: 30 } });
    clock.put('2026-11-26 00:40');
    expect(await runJob(runner, clearingJob(clearing))).toEqual({ kind: 'done', result: [] });
    expect((await database.clearingStore.openWindow()).businessDate).toBe('2026-12-26');
  });

  it('do the work once when two processes start together', async () => {
    const { database, clock, runner, clearing, logged } = await begin('2026-11-28 00:30');
    await database.personStore.importPersons([samplePerson('p1')]);
    await database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => Array.from({ length: 50 }, () => sampleSettlement({ windowId }))),
    );
    const other = process(database, clock);
    const issued: number[] = [];
    const watched = {
      ...clearing.steps,
      async issue(...issue: Parameters<ClearingDeps['steps']['issue']>) {
        issued.push(issue[0]);
        await clearing.steps.issue(...issue);
      },
    };
    const jobs = [
      keepJob(runner, clearingJob({ ...clearing, steps: watched })),
      keepJob(other.runner, clearingJob({ ...other.clearing, steps: watched })),
    ];
    await vi.waitFor(() => expect([...logged, ...other.logged]).toHaveLength(2));
    await Promise.all(jobs.map((job) => job.stop()));
    // Both ran to their end, one after the other, and only one of them found something to do.
    expect(issued).toEqual([1, 2, 3, 4]);
    expect(await database.clearingStore.statements(1)).toMatchObject([{ settlements: 50, owed: 50 * 9_500 }]);
  });

  it('are tried again after a failure, until they have run to their end', async () => {
    const { runner, logged } = await begin('2026-11-25 00:30');
    let tries = 0;
    const work = (): Promise<string> => {
      tries += 1;
      return tries < 3 ? Promise.reject(new RangeError('not yet')) : Promise.resolve('done');
    };
    const kept = keepJob(runner, { name: 'stubborn', work });
    await vi.waitFor(() => expect(logged.map(({ message }) => message)).toContain('job done'));
    await sleep(100);
    expect(tries).toBe(3);
    await kept.stop();
  });

  it('are taken over when the process that was at it dies', async () => {
    const { database, clock, runner, clearing } = await begin('2026-11-25 00:30');
    await database.leaseStore.acquire('clearing', 'somebody who died', clock.now(), 15_000);
    const kept = keepJob(runner, clearingJob(clearing));
    await sleep(100);
    expect(await states(database)).toEqual(['11-24 open']);
    clock.advance(15_001);
    await vi.waitFor(async () => expect(await states(database)).toEqual(['11-24 issued', '11-25 open']));
    await kept.stop();
  });

  it('end before their next step when the process stops', async () => {
    const { database, runner, clearing } = await begin('2026-11-27 09:00');
    let stopped: Promise<void> | undefined;
    const steps: ClearingDeps['steps'] = {
      ...clearing.steps,
      async issue(...issue) {
        await clearing.steps.issue(...issue);
        stopped ??= kept.stop();
      },
    };
    const kept = keepJob(runner, clearingJob({ ...clearing, steps }));
    await vi.waitFor(() => expect(stopped).toBeDefined());
    await stopped;
    expect(await states(database)).toEqual(['11-24 issued', '11-25 closed', '11-26 closed', '11-27 open']);
    expect(await database.leaseStore.acquire('clearing', 'the next one', 0, 1)).toBeDefined();
  });

  it('answer who asks by name: cleared, or that it runs already', async () => {
    const { database, clock, runner, clearing } = await begin('2026-11-24 18:00');
    expect(await clearNow(runner, clearing, '2026-11-24')).toMatchObject([
      { businessDate: '2026-11-24', state: 'issued' },
    ]);
    await database.leaseStore.acquire('clearing', 'another runner', clock.now(), 15_000);
    await expect(clearNow(runner, clearing, '2026-11-24')).rejects.toMatchObject({
      code: 'CLEARING_RUNS',
      retryable: true,
    });
  });
});

it('a job that nobody triggers does not run', async () => {
  const leases = { acquire: () => Promise.resolve({ token: 1 }), release: () => Promise.resolve() };
  const log = { info: () => undefined, warn: () => undefined };
  let runs = 0;
  const deps = { leases, clock: fakeClock('2026-11-25 00:30'), newId: () => 'a', log };
  const kept = keepJob(deps, { name: 'idle', work: () => Promise.resolve((runs += 1)) });
  await sleep(50);
  expect(runs).toBe(1);
  await kept.stop();
  kept.trigger();
  await sleep(20);
  expect(runs).toBe(1);
});
