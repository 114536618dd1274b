import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addClearCommand } from '../../src/cli/clear-command.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { shanghaiDate, systemClock } from '../../src/platform/clock.ts';
import { needFor, samplePerson, sampleSettlement, writing } from '../support/settlement-samples.ts';

const YESTERDAY = shanghaiDate(systemClock.now() - 24 * 60 * 60 * 1000);

describe('tongjie clear', () => {
  let dataDir: string;
  let database: Database;
  let printed: string[];

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tongjie-clear-'));
    vi.stubEnv('DATA_DIR', dataDir);
    vi.stubEnv('DATABASE_URL', '');
    printed = [];
    vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
    database = await openDatabase({ dataDir });
    await database.migrate();
    await database.clearingStore.openFirstWindow(YESTERDAY, 0);
    await database.personStore.importPersons([samplePerson('p1')]);
    await database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => [sampleSettlement({ windowId })]),
    );
  });

  afterEach(async () => {
    await database.close();
    rmSync(dataDir, { recursive: true });
  });

  async function run(...words: string[]): Promise<string> {
    const program = new Command('tongjie').exitOverride().configureOutput({ writeErr: () => undefined });
    addClearCommand(program);
    for (const command of program.commands) command.exitOverride();
    await program.parseAsync(['clear', ...words], { from: 'user' });
    return printed.join('\n');
  }

  it('prints the windows that it cleared and what each county gets and owes', async () => {
    const lines = (await run('--date', YESTERDAY)).split('\n').map((line) => line.trim().split(/\s+/));
    expect(lines[0]).toEqual(['window', 'day', 'county', 'receives', 'owes', 'net']);
    expect(lines.slice(2)).toEqual([
      ['1', YESTERDAY, '310118', '95.00', '0.00', '95.00'],
      ['1', YESTERDAY, '320509', '0.00', '95.00', '-95.00'],
      ['1', YESTERDAY, '330421', '0.00', '0.00', '0.00'],
    ]);
    expect(await database.clearingStore.window(1)).toMatchObject({ state: 'issued' });
  });

  it('prints the same as JSON, and nothing the second time', async () => {
    expect(JSON.parse(await run('--date', YESTERDAY, '--json'))).toMatchObject({
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
    printed = [];
    expect(JSON.parse(await run('--date', YESTERDAY, '--json'))).toEqual({ cleared: [] });
    printed = [];
    expect(await run('--date', YESTERDAY)).toMatch(/nothing to clear/);
  });

  it('refuses what is no day, or a day to come, and changes nothing', async () => {
    await expect(run('--date', '2026-02-30')).rejects.toMatchObject({ code: 'commander.invalidArgument' });
    await expect(run()).rejects.toMatchObject({ code: 'commander.missingMandatoryOptionValue' });
    await expect(run('--date', '2999-01-01')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await database.clearingStore.openWindow()).toMatchObject({ windowId: 1 });
  });
});
