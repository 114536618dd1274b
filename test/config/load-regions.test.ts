import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/config/load-regions.ts';
import { loadInstitutions } from '../../src/config/load-institutions.ts';
import { loadRules } from '../../src/config/load-rules.ts';
import { createRulebook } from '../../src/config/rulebook.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { CATALOGUE_HEADER, configFolder, TWO_REGIONS } from '../support/config-folder.ts';

const origin = 'source: a decree, provenance: sourced';
const ZONE = `
zones:
  - id: zone
    name: zone
    members: ["310118", "320509"]
    open:
      - { benefits: [outpatient], from: 2020-08-20, to: 2024-12-31, ${origin} }
      - { benefits: [inpatient], from: 2021-05-28, ${origin} }
`;
const PAIRS = `
pairs:
  - home: "310118"
    treatment: any
    catalogueOf:
      - { from: 2020-01-01, to: 2023-12-31, value: treatment, ${origin} }
      - { from: 2024-01-01, value: home, ${origin} }
    openDiseases: [ { from: 2024-01-01, value: [M07801], ${origin} } ]
  - home: any
    treatment: any
    catalogueOf: [ { from: 2020-01-01, value: treatment, ${origin} } ]
`;

function compile(text: string) {
  const yaml = parseYaml('regions.yaml', text);
  return { regions: compileRegions(yaml), errors: yaml.errors.found.map(({ path, reason }) => `${path}: ${reason}`) };
}

function pairs() {
  const { regions, errors } = compile(TWO_REGIONS + ZONE + PAIRS);
  expect(errors).toEqual([]);
  return createRulebook({ policies: [], catalogues: [], regions: regions! });
}

describe('what two regions agreed', () => {
  it.each([
    ['2020-08-19', 'outpatient', false],
    ['2020-08-20', 'outpatient', true],
    ['2024-12-31', 'outpatient', true],
    ['2025-01-01', 'outpatient', false],
    ['2021-05-27', 'inpatient', false],
    ['2021-05-28', 'inpatient', true],
    ['2024-01-01', 'pharmacy', false],
  ] as const)('on %s, %s: zone %s', (on, benefit, zone) => {
    expect(pairs().pairOn('310118', '320509', benefit, on).zone).toBe(zone);
    expect(pairs().pairOn('320509', '310118', benefit, on).zone).toBe(zone);
    expect(pairs().pairOn('310118', '330421', benefit, on).zone).toBe(false);
    expect(pairs().pairOn('310118', '310118', benefit, on).zone).toBe(true);
  });

  it('is the first entry that fits, on the day', () => {
    const book = pairs();
    expect(book.pairOn('310118', '320509', 'outpatient', '2023-12-31')).toMatchObject({
      catalogueOf: 'treatment',
      openDiseases: [],
    });
    expect(book.pairOn('310118', '320509', 'outpatient', '2024-01-01')).toMatchObject({
      catalogueOf: 'home',
      openDiseases: ['M07801'],
    });
    expect(book.pairOn('320509', '310118', 'outpatient', '2024-01-01')).toMatchObject({
      catalogueOf: 'treatment',
      openDiseases: [],
    });
    expect(book.pairOn('320509', '310118', 'outpatient', '2019-01-01').catalogueOf).toBe('home');
  });
});

describe('regions are refused', () => {
  it.each([
    ['a code twice', TWO_REGIONS.replaceAll('320509', '310118'), /^regions\[1\]\.code: 310118 is there twice/],
    [
      'a prefix of two',
      TWO_REGIONS.replace('["320509"]', '["310118"]'),
      /^regions\[1\]\.prefixes\[0\]: 310118 is already/,
    ],
    [
      'a code that is none',
      TWO_REGIONS.replace('code: "320509"', 'code: "32"'),
      /^regions\[1\]\.code: is not a region code/,
    ],
    ['an unknown member', TWO_REGIONS + ZONE.replace('"320509"', '"999999"'), /^zones\[0\]\.members\[1\]: no region/],
    [
      'an unknown side',
      TWO_REGIONS + PAIRS.replace('home: "310118"', 'home: "999999"'),
      /^pairs\[0\]\.home: no region/,
    ],
    ['a gap', TWO_REGIONS + PAIRS.replace('to: 2023-12-31', 'to: 2023-12-30'), /^pairs\[0\]\.catalogueOf\[1\]: .*gap/],
    [
      'an overlap',
      TWO_REGIONS + PAIRS.replace('to: 2023-12-31', 'to: 2024-01-01'),
      /^pairs\[0\]\.catalogueOf\[1\]: overlaps/,
    ],
    [
      'another catalogue',
      TWO_REGIONS + PAIRS.replace('value: home', 'value: both'),
      /catalogueOf\[1\]\.value: "both" is not one/,
    ],
    ['an unknown key', `${TWO_REGIONS}extra: x\n`, /^extra: unknown key/],
  ])('for %s', (_, text, message) => {
    expect(compile(text).errors).toContainEqual(expect.stringMatching(message));
  });
});

describe('institutions', () => {
  const { regions } = compile(TWO_REGIONS);
  const one = `
institutions:
  - id: H31011800001
    name: 中心医院
    nameEn: Central Hospital
    region: "310118"
    level: 3
    kind: hospital
    groups: [contracted]
    mapping: { Y001: XA01 }
`;

  it('are loaded from every file', () => {
    const folder = configFolder({
      'institutions/a.yaml': one,
      'institutions/b.yaml': one.replace('H31011800001', 'P31011800002'),
    });
    const result = loadInstitutions(folder, regions!.regions);
    expect(result.ok && result.institutions.map(({ id }) => id)).toEqual(['H31011800001', 'P31011800002']);
    expect(result.ok && result.institutions[0]?.mapping.get('Y001')).toBe('XA01');
  });

  it('are refused when an own code stands for no item of any catalogue', () => {
    const row = ',a drug,drug,A,0,0,,,,sourced,list';
    const folder = configFolder({
      'institutions/a.yaml': one,
      'institutions/b.yaml': one.replace('H31011800001', 'H31011800002').replace('XA01', 'XA02'),
      'institutions/c.yaml': one.replace('H31011800001', 'H31011800003').replace('XA01', 'XA03'),
      'catalogues/310118/2023-01-01.csv': `${CATALOGUE_HEADER}\nXA01${row}\n`,
      'catalogues/320509/2024-01-01.csv': `${CATALOGUE_HEADER}\nXA02${row}\n`,
    });
    const rules = loadRules(folder);
    const result = loadInstitutions(folder, regions!.regions, rules.ok ? rules.summary.catalogues : []);
    expect(result.ok ? [] : result.errors).toEqual([
      {
        file: join(folder, 'institutions/c.yaml'),
        path: 'institutions[0].mapping.Y001',
        reason: 'no catalogue has an item XA03',
        line: 10,
      },
    ]);
  });

  it('are refused with every error at once', () => {
    const folder = configFolder({
      'institutions/a.yaml': one,
      'institutions/b.yaml': one,
      'institutions/c.yaml': one.replace('H31011800001', 'X1').replace('level: 3', 'level: 4'),
      'institutions/d.yaml': one.replace('H31011800001', 'H99999900001').replace('310118', '999999'),
    });
    const result = loadInstitutions(folder, regions!.regions);
    const errors = result.ok ? [] : result.errors.map(({ file, path }) => `${file.slice(-6)}: ${path}`);
    expect(errors).toEqual([
      'b.yaml: institutions[0].id',
      'c.yaml: institutions[0].id',
      'c.yaml: institutions[0].level',
      'd.yaml: institutions[0].region',
    ]);
  });
});
