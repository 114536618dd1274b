import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addClearCommand } from '../../src/cli/clear-command.ts';
import { openCommandLine, YESTERDAY, type CommandLine } from '../support/command-line.ts';
import { needFor, sampleSettlement, writing } from '../support/settlement-samples.ts';

describe('tongjie clear', () => {
  let line: CommandLine;
  const run = (...words: string[]) => line.run(...words);

  beforeEach(async () => {
    line = await openCommandLine(addClearCommand);
    await line.database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => [sampleSettlement({ windowId })]),
    );
  });

  afterEach(() => line.close());

  it('prints the windows that it cleared and what each county gets and owes', async () => {
    const lines = (await run('clear', '--date', YESTERDAY)).split('\n').map((line) => line.trim().split(/\s+/));
    expect(lines[0]).toEqual(['window', 'day', 'county', 'receives', 'owes', 'net']);
    expect(lines.slice(2)).toEqual([
      ['1', YESTERDAY, '310118', '95.00', '0.00', '95.00'],
      ['1', YESTERDAY, '320509', '0.00', '95.00', '-95.00'],
      ['1', YESTERDAY, '330421', '0.00', '0.00', '0.00'],
    ]);
    expect(await line.database.clearingStore.window(1)).toMatchObject({ state: 'issued' });
  });

  it('prints the same as JSON, and nothing the second time', async () => {
    expect(JSON.parse(await run('clear', '--date', YESTERDAY, '--json'))).toMatchObject({
      cleared: [
        {
          windowId: 1,
          businessDate: YESTERDAY,
          state: 'issued',
          positions: [{ region: '310118', net: '95.00' }, { net: '-95.00' }, { net: '0.00' }],
          transfers: [{ payer: '320509', payee: '310118', amount: '95.00' }],
        },
      ],
    });
    expect(JSON.parse(await run('clear', '--date', YESTERDAY, '--json'))).toEqual({ cleared: [] });
    expect(await run('clear', '--date', YESTERDAY)).toMatch(/nothing to clear/);
  });

  it('refuses what is no day, or a day to come, and changes nothing', async () => {
    await expect(run('clear', '--date', '2026-02-30')).rejects.toMatchObject({ code: 'commander.invalidArgument' });
    await expect(run('clear')).rejects.toMatchObject({ code: 'commander.missingMandatoryOptionValue' });
    await expect(run('clear', '--date', '2999-01-01')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await line.database.clearingStore.openWindow()).toMatchObject({ windowId: 1 });
  });
});
