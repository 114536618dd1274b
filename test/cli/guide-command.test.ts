import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFolder } from '../support/config-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function compare(...words: readonly string[]) {
  const command = ['src/cli/tongjie.ts', 'guides', 'compare', ...words];
  return spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
}

describe('tongjie guides compare', () => {
  it('marks what is the same, what differs and what one county alone says', () => {
    const { status, stdout } = compare('320509', '330421', '--language', 'en');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^filing$/m);
    expect(stdout).toMatch(/^ {2}= insideZone\n {6}no filing for treatment inside the zone/m);
    expect(stdout).toMatch(/^ {2}≠ scope\n {6}320509 {2}.+\n {6}330421 {2}.+/m);
    expect(stdout).toMatch(/^ {2}1 relapse\n {6}320509 /m);
    expect(stdout).toMatch(/= same \d+ {3}≠ differs \d+ {3}1 only in one \d+/);
  });

  it('prints JSON for programs', () => {
    const { stdout } = compare('310118', '320509', '--json');
    const { regions, entries } = JSON.parse(stdout) as { regions: string[]; entries: { mark: string }[] };
    expect(regions).toEqual(['310118', '320509']);
    expect(new Set(entries.map(({ mark }) => mark))).toEqual(new Set(['same', 'differs', 'onlyInOne']));
  });

  it('names a county that has none, and errors of the files', () => {
    const unknown = compare('310118', '999999');
    expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining('999999 has no guide')]);
    const broken = compare('310118', '320509', '--config', configFolder({ 'readme.txt': '' }));
    expect([broken.status, broken.stderr]).toEqual([1, expect.stringContaining('nothing is loaded')]);
  });
});
