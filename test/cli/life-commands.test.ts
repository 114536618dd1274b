import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/db/open-database.ts';
import { FIRST_DATE, freshPlace } from '../support/databases.ts';
import { lifeOf } from '../support/life.ts';

const TONGJIE = resolve(import.meta.dirname, '../../src/cli/tongjie.ts');
const run = promisify(execFile);

describe('what clerks look at', () => {
  it('is printed for persons and for programs', async () => {
    const place = await freshPlace('sqlite');
    const database = await openDatabase(place);
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    const life = lifeOf(database);
    await life.settle();
    await life.clear();
    await database.close();
    const tongjie = async (...args: string[]): Promise<string> => {
      const env = { ...process.env, DATA_DIR: place.dataDir, DATABASE_URL: '' };
      return (await run(process.execPath, [TONGJIE, ...args], { env })).stdout;
    };
    expect(JSON.parse(await tongjie('statements', '--json'))).toEqual([
      {
        statement: '1-320509-310118',
        day: FIRST_DATE,
        state: 'issued',
        bills: 1,
        owed: '95.00',
        disputed: '0.00',
        payable: '95.00',
      },
    ]);
    expect(await tongjie('statements', '--county', '330421')).toBe('no statement is issued\n');
    expect(await tongjie('calendar', '--county', '320509')).toMatch(
      /2026-12-25 .* 320509 +confirm +statement +1-320509-310118/,
    );
    expect(JSON.parse(await tongjie('prefund', '--month', '2026-11', '--json'))).toMatchObject([
      { home: '320509', treatment: '310118', cleared: '95.00', level: 'red', 'top-up': '135.72' },
    ]);
    await expect(tongjie('prefund', '--month', 'november')).rejects.toThrow(/it is not a month/);
    place.remove();
  });
});
