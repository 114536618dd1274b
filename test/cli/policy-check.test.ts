import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFolder, smallPolicy } from '../support/config-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Clearing has no days of its own: a folder without them is refused. */
const CALENDAR = readFileSync(join(ROOT, 'config/calendar.yaml'), 'utf8');

function check(folder: string) {
  const command = ['src/cli/tongjie.ts', 'policy', 'check', '--config', folder];
  return spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
}

describe('tongjie policy check', () => {
  it('lists what the policies rest on', () => {
    const { status, stdout } = check(
      configFolder({ 'policies/310118/employee/2023.yaml': smallPolicy(), 'calendar.yaml': CALENDAR }),
    );
    expect(stdout).toMatch(/^310118 +employee +small +2023-01-01 +1 +1 +0 +[0-9a-f]{32}$/m);
    expect(status).toBe(0);
  });

  it('prints every error with file, path and reason, and exits 1', () => {
    const folder = configFolder({
      'policies/310118/employee/2023.yaml': smallPolicy({ ratio: '1.2' }),
      'policies/310118/resident/2023.yaml': `${smallPolicy({ scheme: 'resident' })}\nextra: x\n`,
    });
    const { status, stderr } = check(folder);
    const at = (scheme: string, place: string) => `${join(folder, 'policies/310118', scheme, '2023.yaml')}:${place}`;
    expect(stderr.split('\n')).toEqual([
      at(
        'employee',
        `10: benefits.outpatient.bands.ratio[0].value: "1.2" is not a ratio between 0 and 1 of at most four places`,
      ),
      at('resident', '12: extra: unknown key'),
      '2 errors: nothing is loaded',
      '',
    ]);
    expect(status).toBe(1);
  });

  it('does not take a folder without policies for one without errors', () => {
    expect(check(configFolder({ 'readme.txt': '' })).status).toBe(1);
  });
});
