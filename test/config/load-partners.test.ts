import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadPartners } from '../../src/config/load-partners.ts';
import type { Region } from '../../src/config/load-regions.ts';
import { CONFIG_DIR, sampleGround } from '../support/sample.ts';

const SOURCE = 'source: nobody says, provenance: illustrative';
const GOOD = {
  region: '"330421"',
  freshEligibility: `{ value: true, ${SOURCE} }`,
  copyAgeMax: `{ value: 24h, ${SOURCE} }`,
  deadline: `{ value: 500ms, ${SOURCE} }`,
  standIn: `{ amountMax: { value: 20000, ${SOURCE} }, copyAgeMax: { value: 30d, ${SOURCE} }, exposurePerDayMax: { value: 1.50, ${SOURCE} } }`,
  confirmWithin: `{ value: 7d, ${SOURCE} }`,
};

describe('terms of the funds', () => {
  const folders: string[] = [];
  const regions = [{ code: '330421' }] as Region[];

  function load(...files: readonly Partial<Record<keyof typeof GOOD | 'extra', string>>[]) {
    const folder = mkdtempSync(join(tmpdir(), 'tongjie-terms-'));
    folders.push(folder);
    mkdirSync(join(folder, 'partners'));
    files.forEach((changes, at) => {
      const text = Object.entries({ ...GOOD, ...changes }).map(([key, value]) => `${key}: ${value}`);
      writeFileSync(join(folder, 'partners', `${at}.yaml`), text.join('\n'));
    });
    return loadPartners(folder, regions);
  }

  const reasons = (result: ReturnType<typeof load>): string[] =>
    result.ok ? [] : result.errors.map(({ path, reason }) => `${path}: ${reason}`);

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it('are read in milliseconds and fen', () => {
    const result = load({});
    expect(result.ok && [...result.partners]).toEqual([
      [
        '330421',
        {
          region: '330421',
          freshEligibility: true,
          copyAgeMaxMs: 86_400_000,
          deadlineMs: 500,
          standIn: { amountMax: 2_000_000, copyAgeMaxMs: 2_592_000_000, exposurePerDayMax: 150 },
          confirmWithinMs: 604_800_000,
        },
      ],
    ]);
  });

  it('of the three counties are there, and a folder without any is fine', () => {
    const shipped = loadPartners(CONFIG_DIR, sampleGround().regions as Region[]);
    expect(shipped.ok && [...shipped.partners.keys()]).toEqual(['310118', '320509', '330421']);
    expect(loadPartners(join(CONFIG_DIR, 'nowhere'), [])).toEqual({ ok: true, partners: new Map() });
  });

  it('are refused with every reason at once', () => {
    const bad = {
      region: '"999999"',
      freshEligibility: '{ value: maybe, source: x, provenance: illustrative }',
      deadline: '{ value: 5 seconds, source: x, provenance: illustrative }',
      copyAgeMax: '{ value: 24h }',
      extra: '1',
    };
    expect(reasons(load(bad))).toEqual(
      expect.arrayContaining([
        'freshEligibility.value: "maybe" is neither true nor false',
        'deadline.value: "5 seconds" is not a duration such as 800ms, 30s, 15min, 24h or 7d',
        'copyAgeMax.source: is missing',
        'extra: unknown key',
      ]),
    );
    expect(reasons(load({ region: '"999999"' }))).toEqual(['region: no region has the code 999999']);
    expect(reasons(load({}, {}))).toEqual(['region: 330421 has its terms in another file already']);
    expect(reasons(load({ deadline: `{ value: 11s, ${SOURCE} }` }))).toEqual(['deadline.value: is more than 10s']);
    expect(reasons(load({ copyAgeMax: `{ value: 31d, ${SOURCE} }` }))).toEqual([
      'standIn.copyAgeMax.value: is less than copyAgeMax: nothing could be settled',
    ]);
  });
});
