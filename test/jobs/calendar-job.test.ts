import { expect, it } from 'vitest';
import { runNow } from '../../src/jobs/asked-job.ts';
import { calendarJob } from '../../src/jobs/calendar-job.ts';
import type { RunnerDeps } from '../../src/jobs/runner.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { lifeOf, noonOf, shippedCalendar } from '../support/life.ts';
import { leaseWithoutRenewal } from '../support/lease-without-renewal.ts';

const HOME = '320509';
const AWAY = '310118';

describeEachDatabase('the job of the calendar', (open) => {
  /** A week of business, and a calendar on which all of it is due on the first of January. */
  async function begun() {
    const database = await open();
    const life = lifeOf(database);
    const { clearingStore, calendarStore } = database;
    await life.settle();
    while ((await clearingStore.openWindow()).businessDate <= '2026-12-31') await life.clear();
    await life.confirm(`1-${HOME}-${AWAY}`, HOME);
    await life.confirm(`1-${HOME}-${AWAY}`, AWAY);
    life.at('2027-01-01');
    const shipped = shippedCalendar();
    const first = { value: 1, source: 'test', provenance: 'illustrative' } as const;
    const calendar = { ...shipped, noticeDay: first, instructDay: first };
    const deps = { ...life.deps, calendarStore, calendar: () => calendar };
    const log = { info: () => undefined, warn: () => undefined };
    const { leaseStore: leases, jobRunStore: runs } = database;
    const newId = createIdSource(() => Date.now());
    const runner: RunnerDeps = { leases, runs, clock: life.clock, newId, log };
    const seen = async () => ({
      notices: (await calendarStore.notices('2026-11')).length,
      payments: (await database.lifeQueries.payments(undefined, { limit: 9 })).length,
      requests: (await database.lifeQueries.requests({ limit: 9 })).length,
    });
    return { database, life, deps, runner, seen };
  }

  it('is done once by two who run it at once, and says on record what it did', async () => {
    const { database, deps, runner, seen } = await begun();
    const both = await Promise.allSettled([1, 2].map(() => runNow(runner, calendarJob(deps))));
    const refused = both.filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'CALENDAR_RUNS', status: 409, retryable: true } }]);
    expect(await seen()).toEqual({ notices: 1, payments: 1, requests: 1 });
    expect(await runNow(runner, calendarJob(deps))).toEqual([]);
    const [again, run] = await database.jobRunStore.latest(9);
    expect(JSON.parse(again!.outcome!)).toMatchObject({ did: [] });
    expect(run).toMatchObject({ name: 'calendar', state: 'done', step: 'resizing 2027', total: 4 });
    expect((JSON.parse(run!.outcome!) as { did: unknown }).did).toEqual([
      { step: 'notices', period: '2026-11', made: 1 },
      { step: 'payments', period: '2026-11', made: 1 },
      { step: 'payments', period: '2026-12', made: 0 },
      { step: 'resizing', period: '2027', made: 1 },
    ]);
  });

  it.each([
    ['notices 2026-11', { notices: 0, payments: 0, requests: 0 }, ['notices', 'payments', 'payments', 'resizing']],
    ['payments 2026-11', { notices: 1, payments: 0, requests: 0 }, ['payments', 'payments', 'resizing']],
    ['resizing 2027', { notices: 1, payments: 1, requests: 0 }, ['resizing']],
  ] as const)(
    'is gone on with by the next when one dies before %s, and a sleeper that wakes does nothing twice',
    async (at, before, left) => {
      const { database, life, deps, runner, seen } = await begun();
      const reached = Promise.withResolvers<undefined>();
      const woken = Promise.withResolvers<undefined>();
      // It holds its lease and never renews it; where it is on record it stops.
      const leases = leaseWithoutRenewal(runner.leases);
      const runs: RunnerDeps['runs'] = {
        ...database.jobRunStore,
        async report(runId, progress, atMs) {
          await database.jobRunStore.report(runId, progress, atMs);
          if (progress.step !== at) return;
          reached.resolve(undefined);
          await woken.promise;
        },
      };
      const sleeper = runNow({ ...runner, leases, runs, leaseMs: 60_000 }, calendarJob(deps));
      await reached.promise;
      expect(await seen()).toEqual(before);
      await expect(runNow(runner, calendarJob(deps))).rejects.toMatchObject({ code: 'CALENDAR_RUNS' });
      life.clock.nowMs = noonOf('2027-01-01') + 60_001;
      const did = await runNow(runner, calendarJob(deps));
      expect(did.map(({ step }) => step)).toEqual(left);
      const after = { notices: 1, payments: 1, requests: 1 };
      expect(await seen()).toEqual(after);
      const [resumed, died] = await database.jobRunStore.latest(9);
      expect(resumed).toMatchObject({ state: 'done' });
      expect(died).toMatchObject({ state: 'interrupted', step: at });
      const books = await database.ledgerQueries.balances(undefined, undefined);
      woken.resolve(undefined);
      await sleeper;
      expect(await seen()).toEqual(after);
      expect(await database.ledgerQueries.balances(undefined, undefined)).toEqual(books);
    },
  );
});
