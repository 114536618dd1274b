import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lastDayOver } from '../../src/app/clearing/clear-due.ts';
import { nextDate } from '../../src/core/calendar.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { clearingJob, clearNow } from '../../src/jobs/clearing-job.ts';
import { keepJob, type RunnerDeps } from '../../src/jobs/runner.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { clearingPorts } from '../support/clearing.ts';
import type { ChildOrder, Death } from '../support/clearing-child.ts';
import { describeEachDatabase, FIRST_DATE, freshPlace } from '../support/databases.ts';
import { fakeClock, type FakeClock } from '../support/fake-clock.ts';
import { needFor, samplePerson, sampleSettlement, writing } from '../support/settlement-samples.ts';
import { leaseWithoutRenewal } from '../support/lease-without-renewal.ts';

const REGIONS = ['310118', '320509', '330421'];
const CHILD = resolve(import.meta.dirname, '../support/clearing-child.ts');

const DEATHS: readonly Death[] = [
  ...(['close', 'reconcile', 'net', 'issue'] as const).flatMap((step) =>
    (['begin', 'write', 'end'] as const).map((phase) => ({ step, phase })),
  ),
  { step: 'reconcile', phase: 'progress' },
];

async function runChild(order: ChildOrder): Promise<string> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? `ended by itself with ${code}: ${words}`;
}

function runnerOn({ leaseStore: leases, jobRunStore: runs }: Database, clock: FakeClock): RunnerDeps {
  const log = { info: () => undefined, warn: () => undefined };
  return { leases, runs, clock, newId: createIdSource(() => Date.now()), log, retryMs: 20 };
}

describe.each(['sqlite', 'mariadb'] as const)('a worker killed -9 on %s', (engine) => {
  const endings: (() => void)[] = [];

  afterAll(() => {
    for (const end of endings) end();
  });

  it('leaves what the next one takes up, wherever it was', { timeout: 240_000 }, async () => {
    const place = await freshPlace(engine);
    endings.push(place.remove);
    const prepared = await openDatabase(place);
    await prepared.migrate();
    await prepared.clearingStore.openFirstWindow(FIRST_DATE, 0);
    await prepared.personStore.importPersons([samplePerson('p1')]);
    await prepared.close();

    let day = FIRST_DATE;
    for (const [index, death] of DEATHS.entries()) {
      const where = `${death.phase} of ${death.step}`;
      const own = await openDatabase(place);
      const bills = 3 + index;
      const make = (windowId: number) => Array.from({ length: bills }, () => sampleSettlement({ windowId }));
      await own.settlementStore.transact(needFor(['p1']), writing(make));
      await own.close();

      const time = `${nextDate(day)} 00:30`;
      const { url, dataDir } = place;
      const order = { place: url === undefined ? { dataDir } : { url, dataDir }, regions: REGIONS, time, death };
      expect(await runChild(order), where).toBe('SIGKILL');

      const database = await openDatabase(place);
      const clock = fakeClock(time);
      const runner = runnerOn(database, clock);
      const clearing = { ...clearingPorts(database), regions: REGIONS, clock };
      // The dead worker holds its lease until it has run out.
      await expect(clearNow(runner, clearing, undefined), where).rejects.toMatchObject({ code: 'CLEARING_RUNS' });
      clock.advance(15_001);
      await clearNow(runner, clearing, undefined);

      const windowId = index + 1;
      const store = database.clearingStore;
      expect(lastDayOver(clock.now())).toBe(day);
      expect(await store.window(windowId), where).toMatchObject({ businessDate: day, state: 'issued' });
      expect(await store.statements(windowId), where).toMatchObject([{ settlements: bills, owed: bills * 9_500 }]);
      expect((await store.netPositions(windowId)).map(({ net }) => net)).toEqual([bills * 9_500, -bills * 9_500, 0]);
      const notices = (await database.outboxStore.pending()).filter(({ topic }) => topic === 'clearing-notice');
      expect(
        notices.map(({ count }) => count),
        where,
      ).toEqual([windowId, windowId, windowId]);
      const [resumed, died] = await database.jobRunStore.latest(2);
      expect([died?.state, resumed?.state], where).toEqual(['interrupted', 'done']);
      if (death.phase !== 'end') expect(died, where).toMatchObject({ step: death.step, businessDate: day });
      await database.close();
      day = nextDate(day);
    }
  });
});

describeEachDatabase('two workers', (open) => {
  async function begin(time: string) {
    const database = await open();
    await database.personStore.importPersons([samplePerson('p1')]);
    await database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => Array.from({ length: 20 }, () => sampleSettlement({ windowId }))),
    );
    const clock = fakeClock(time);
    const clearing = { ...clearingPorts(database), regions: REGIONS, clock };
    return { database, clock, clearing, runner: runnerOn(database, clock) };
  }

  it.each(['close', 'reconcile', 'net', 'issue'] as const)(
    'finish what one of them began that stalled before %s, and refuse what it writes when it wakes',
    async (step) => {
      const { database, clearing, runner } = await begin('2026-11-25 00:30');
      const stalled = Promise.withResolvers<undefined>();
      const reached = Promise.withResolvers<undefined>();
      // It sleeps through its lease and does not know: nothing tells it before its next write.
      const leases = leaseWithoutRenewal(runner.leases);
      const onStep: Parameters<typeof clearNow>[1]['onStep'] = async (report) => {
        if (report.step !== step || report.phase !== 'begin') return;
        reached.resolve(undefined);
        await stalled.promise;
      };
      const sleeper = clearNow({ ...runner, leases, leaseMs: 60_000 }, { ...clearing, onStep }, undefined);
      await reached.promise;
      const later = fakeClock('2026-11-25 00:40');
      const issued = await clearNow({ ...runner, clock: later }, { ...clearing, clock: later }, undefined);
      expect(issued).toMatchObject([{ windowId: 1, state: 'issued', issuedAtMs: later.now() }]);
      stalled.resolve(undefined);
      await expect(sleeper).rejects.toMatchObject({ code: 'LEASE_LOST', retryable: true });
      expect(await database.clearingStore.window(1)).toMatchObject({ state: 'issued', issuedAtMs: later.now() });
      expect((await database.jobRunStore.latest(5)).map(({ state }) => state)).toEqual(['done', 'interrupted']);
    },
  );

  it('write down what ran, and a run that fails says why and waits for its next time', async () => {
    const { database, clearing, runner } = await begin('2026-11-26 00:30');
    const broken = { ...clearing.reader, count: () => Promise.resolve(7) };
    const kept = keepJob(runner, clearingJob({ ...clearing, reader: broken }));
    const latest = async () => (await database.jobRunStore.latest(9)).map(({ state }) => state);
    await expect.poll(latest).toEqual(['failed']);
    const [failed] = await database.jobRunStore.latest(1);
    expect(failed).toMatchObject({ name: 'clearing', step: 'reconcile', businessDate: FIRST_DATE, token: 1 });
    expect(JSON.parse(failed!.outcome!)).toMatchObject({ code: 'WINDOW_DISAGREES', windowId: 1 });
    expect(await latest()).toEqual(['failed']);
    kept.trigger();
    await expect.poll(latest).toEqual(['failed', 'failed']);
    await kept.stop();
    expect(await clearNow(runner, clearing, undefined)).toHaveLength(2);
    const [done] = await database.jobRunStore.latest(1);
    expect(JSON.parse(done!.outcome!)).toMatchObject({ issued: ['2026-11-24', '2026-11-25'] });
  });
});
