import { expect, it } from 'vitest';
import { openCase } from '../../src/app/casework/open-case.ts';
import { remindersJob } from '../../src/jobs/casework-job.ts';
import { runJob } from '../../src/jobs/runner.ts';
import { caseworkDeps, openCommand } from '../support/casework-deps.ts';
import { describeEachDatabase } from '../support/databases.ts';

const NIGHT_MS = Date.UTC(2026, 10, 26, 23);

describeEachDatabase('the job of reminders', (open) => {
  it('reminds once a day, whoever runs it', async () => {
    const database = await open();
    const deps = caseworkDeps(database, NIGHT_MS);
    await openCase(caseworkDeps(database, NIGHT_MS - 3 * 24 * 60 * 60 * 1000), openCommand());
    const { provisionalStore: provisionals, settlementQueries: queries } = database;
    const silent = () => undefined;
    const runner = {
      leases: database.leaseStore,
      clock: deps.clock,
      newId: deps.newId,
      log: { info: silent, warn: silent, error: silent, debug: silent },
    };
    const run = () => runJob(runner, remindersJob({ ...deps, provisionals, queries }));
    expect(await run()).toMatchObject({ kind: 'done', result: 1 });
    expect(await run()).toMatchObject({ kind: 'done', result: 0 });
  });
});
