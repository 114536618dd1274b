import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addJobsCommands } from '../../src/cli/jobs-commands.ts';
import { addLedgerCommands } from '../../src/cli/ledger-commands.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { openCommandLine, YESTERDAY, type CommandLine } from '../support/command-line.ts';
import { needFor, sampleSettlement, writing } from '../support/settlement-samples.ts';

describe('tongjie', () => {
  let line: CommandLine;
  const run = (...words: string[]) => line.run(...words);

  beforeEach(async () => {
    line = await openCommandLine(addJobsCommands, addLedgerCommands);
    await line.database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => [sampleSettlement({ windowId, settledAtMs: 5000 })]),
    );
  });

  afterEach(() => line.close());

  it('jobs shows what is due, runs it, and shows what ran and how long it took', async () => {
    expect(await run('jobs')).toContain(`due: ${YESTERDAY}`);
    expect(await run('jobs', 'run', 'clearing')).toContain(`issued ${YESTERDAY}`);
    const list = await run('jobs');
    expect(list).toContain('due: nothing');
    expect(list).toContain('calendar, every morning at 05:00; due: ');
    expect(list).toMatch(new RegExp(`clearing +done +\\d{4}-.* s +issue ${YESTERDAY} +issued ${YESTERDAY}`));
    expect(JSON.parse(await run('jobs', 'list', '--json'))).toMatchObject({ due: [], runs: [{ state: 'done' }] });
    expect(await run('jobs', 'run', 'clearing')).toContain('nothing was due');
    expect(JSON.parse(await run('jobs', 'run', 'clearing', '--date', YESTERDAY, '--json'))).toEqual({ issued: [] });
    await expect(run('jobs', 'run', 'nothing')).rejects.toMatchObject({ code: 'UNKNOWN_JOB' });
  });

  it('jobs resume waits for the lease of a runner that died, and goes on', async () => {
    await line.database.leaseStore.acquire('clearing', 'somebody who died', systemClock.now(), 800);
    await expect(run('jobs', 'run', 'clearing')).rejects.toMatchObject({ code: 'CLEARING_RUNS' });
    expect(await run('jobs', 'resume')).toContain(`issued ${YESTERDAY}`);
  });

  it('jobs runs and resumes the calendar, and says what it did', async () => {
    expect(await run('jobs', 'run', 'calendar')).toContain('nothing was due');
    expect(JSON.parse(await run('jobs', 'run', 'calendar', '--json'))).toEqual({ did: [] });
    expect(await run('jobs')).toMatch(/calendar +done +\d{4}-.* s +nothing was due/);
    await line.database.leaseStore.acquire('calendar', 'somebody who died', systemClock.now(), 800);
    await expect(run('jobs', 'run', 'calendar')).rejects.toMatchObject({ code: 'CALENDAR_RUNS' });
    expect(await run('jobs', 'resume', 'calendar')).toContain('nothing was due');
    await expect(run('jobs', 'run', 'calendar', '--date', YESTERDAY)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const runs = await line.database.jobRunStore.latest(9);
    expect(runs.map(({ name, state }) => [name, state])).toEqual(Array(3).fill(['calendar', 'done']));
  });

  it('ledger trial-balance shows every account, at any instant, and says when a book is broken', async () => {
    const exit = process.exitCode;
    const rows = (text: string) => text.split('\n').map((line) => line.trim().split(/\s{2,}/));
    const before = rows(await run('ledger', 'trial-balance'));
    expect(before).toContainEqual(['310118', 'payable', 'H31011800001', '95.00']);
    expect(before).toContainEqual(['310118', 'sum', '95.00', '95.00']);
    await run('jobs', 'run', 'clearing');
    expect(rows(await run('ledger', 'trial-balance'))).toEqual(before);
    expect(JSON.parse(await run('ledger', 'trial-balance', '--at', '1970-01-01T00:00:04Z', '--json'))).toEqual({
      accounts: [],
      books: [],
    });
    const own = JSON.parse(await run('ledger', 'trial-balance', '--book', '320509', '--json')) as { books: object[] };
    expect(own.books).toEqual([{ book: '320509', debit: '95.00', credit: '-95.00' }]);
    await expect(run('ledger', 'trial-balance', '--at', 'noon')).rejects.toMatchObject({
      code: 'commander.invalidArgument',
    });
    expect(process.exitCode).toBe(exit);
  });
});
