import { relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRules, type RulesResult } from '../../src/config/load-rules.ts';
import { CATALOGUE_HEADER, configFolder, smallPolicy, TWO_REGIONS } from '../support/config-folder.ts';

function load(files: Readonly<Record<string, string>>) {
  const folder = configFolder(files);
  const result = loadRules(folder);
  const errors = result.ok ? [] : result.errors.map((error) => ({ ...error, file: relative(folder, error.file) }));
  return { result, errors };
}

function usable(result: RulesResult) {
  if (!result.ok)
    throw new Error(result.errors.map(({ file, path, reason }) => `${file} ${path} ${reason}`).join('\n'));
  return result;
}

const employee = 'policies/310118/employee';

describe('a folder of rules', () => {
  it('is usable when every file is', () => {
    const { result } = load({
      'regions/regions.yaml': TWO_REGIONS,
      [`${employee}/2023.yaml`]: smallPolicy({ effective: '{ from: 2023-01-01, to: 2023-12-31 }' }),
      [`${employee}/2024.yaml`]: smallPolicy({ id: 'next', effective: '{ from: 2024-01-01 }', ratio: '0.85' }),
      'catalogues/310118/2023-01-01.csv': `${CATALOGUE_HEADER}\nD1,a drug,drug,A,0,0,,,,sourced,list\n`,
      'catalogues/310118/2024-03-01.csv': `${CATALOGUE_HEADER}\nD1,a drug,drug,B,0.1,0.1,,,,sourced,list\n`,
    });
    const { rulebook, texts, summary } = usable(result);
    expect(rulebook.policyOn('310118', 'employee', '2023-12-31')?.id).toBe('small');
    expect(rulebook.policyOn('310118', 'employee', '2024-01-01')?.id).toBe('next');
    expect(rulebook.policyOn('310118', 'employee', '2022-12-31')).toBeUndefined();
    expect(rulebook.policyOn('310118', 'resident', '2024-01-01')).toBeUndefined();
    expect(rulebook.catalogueOn('310118', '2024-02-29')?.items.get('D1')?.itemClass).toBe('A');
    expect(rulebook.catalogueOn('310118', '2024-03-01')?.items.get('D1')?.itemClass).toBe('B');
    const policy = rulebook.policyOn('310118', 'employee', '2024-01-01')!;
    expect(rulebook.policyByHash(policy.hash)).toBe(policy);
    expect(policy.rows.map(({ index }) => index)).toEqual(policy.rows.map((_, at) => at));
    expect(texts.map(({ hash }) => hash)).toContain(policy.hash);
    expect(summary.policies.map(({ values }) => values)).toEqual([
      { sourced: 1, memory: 1, illustrative: 0 },
      { sourced: 1, memory: 1, illustrative: 0 },
    ]);
  });

  it('is refused with the errors of all files at once', () => {
    const { errors } = load({
      'regions/regions.yaml': TWO_REGIONS.replace('code: "320509"', 'code: "310118"'),
      [`${employee}/2023.yaml`]: smallPolicy({ ratio: '1.2' }),
      'policies/310118/resident/2023.yaml': 'id: [',
      'policies/310118/resident/notes.txt': 'not a policy',
      'policies/330421/employee/2023.yaml': smallPolicy({ region: '330421' }),
      'catalogues/310118/latest.csv': CATALOGUE_HEADER,
      'catalogues/310118/2023-01-01.csv': `${CATALOGUE_HEADER}\nD1,a drug,potion,A,0,0,,,,sourced,list\n`,
    });
    expect(errors.map(({ file, path }) => (path === '' ? file : `${file}: ${path}`)).sort()).toEqual([
      'catalogues/310118/2023-01-01.csv: row 2, kind',
      'catalogues/310118/latest.csv',
      `${employee}/2023.yaml: benefits.outpatient.bands.ratio[0].value`,
      'policies/310118/resident/2023.yaml',
      'policies/310118/resident/notes.txt',
      'policies/330421',
      'regions/regions.yaml: regions[1].code',
    ]);
  });

  it.each([
    [
      'a gap between files',
      '{ from: 2023-01-01, to: 2023-12-30 }',
      '{ from: 2024-01-01 }',
      /gap from 2023-12-31 to 2023-12-31/,
    ],
    ['an overlap', '{ from: 2023-01-01, to: 2024-01-01 }', '{ from: 2024-01-01 }', /lasts to 2024-01-01/],
    ['two files without an end', '{ from: 2023-01-01 }', '{ from: 2024-01-01 }', /no `to`/],
  ])('is refused for %s of one folder', (_, first, second, reason) => {
    const { errors } = load({
      [`${employee}/2023.yaml`]: smallPolicy({ effective: first }),
      [`${employee}/2024.yaml`]: smallPolicy({ id: 'next', effective: second }),
    });
    expect(errors).toMatchObject([
      { file: `${employee}/2024.yaml`, path: 'effective', reason: expect.stringMatching(reason) as string },
    ]);
  });

  it('is refused when a file belongs elsewhere or two have one id', () => {
    const { errors } = load({
      [`${employee}/2023.yaml`]: smallPolicy({ effective: '{ from: 2023-01-01, to: 2023-12-31 }' }),
      [`${employee}/2024.yaml`]: smallPolicy({
        region: '320509',
        scheme: 'resident',
        effective: '{ from: 2024-01-01 }',
      }),
    });
    expect(errors.map(({ file, path }) => `${file}: ${path}`)).toEqual([
      `${employee}/2024.yaml: region`,
      `${employee}/2024.yaml: scheme`,
      `${employee}/2024.yaml: id`,
    ]);
  });

  it('of this repository is usable', () => {
    const { summary, rulebook } = usable(loadRules(resolve(import.meta.dirname, '../../config')));
    expect(summary.policies.length).toBeGreaterThanOrEqual(6);
    for (const region of ['310118', '320509', '330421']) {
      for (const scheme of ['employee', 'resident'] as const) {
        expect(rulebook.policyOn(region, scheme, '2024-06-15'), `${region} ${scheme}`).toBeDefined();
      }
    }
  });
});

describe('the hash of a policy', () => {
  function hashOf(text: string): string {
    const { result } = load({ [`${employee}/2023.yaml`]: text });
    return usable(result).rulebook.policyOn('310118', 'employee', '2024-01-01')!.hash;
  }
  const plain = smallPolicy();

  it('does not depend on comments, layout, or the order of keys', () => {
    const [id = '', ...rest] = plain.trim().split('\n');
    const reordered = [...rest, id, '# a comment']
      .join('\n')
      .replace('source: a decree, provenance: memory', 'provenance: memory, source: "a decree"');
    expect(reordered).not.toBe(plain);
    expect(hashOf(reordered)).toBe(hashOf(plain));
    expect(hashOf(plain)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('depends on every value', () => {
    const variants = [
      plain,
      smallPolicy({ ratio: '0.81' }),
      smallPolicy({ id: 'other' }),
      plain.replace('provenance: memory', 'provenance: sourced'),
    ];
    expect(new Set(variants.map(hashOf)).size).toBe(variants.length);
  });
});
