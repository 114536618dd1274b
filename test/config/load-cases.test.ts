import { relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCases } from '../../src/config/load-cases.ts';
import { CATALOGUE_HEADER, configFolder, smallPolicy } from '../support/config-folder.ts';

const policy = 'policy: { benefits: { outpatient: { bands: { ratio: 0.80 } } } }';
const bill = 'bill: { lines: [ { amount: 100 } ] }';
const expectation = 'expect: { pool: 80 }';

function problems(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const folder = configFolder({ 'one.case.yaml': text, ...files });
  const result = loadCases(folder);
  return result.ok
    ? []
    : result.errors.map(({ file, path, reason }) => `${relative(folder, file)}: ${path}: ${reason}`);
}

describe('a case', () => {
  it('is complete with a policy, a bill and an expected amount', () => {
    const folder = configFolder({ 'deep/er/one.case.yaml': ['name: small', policy, bill, expectation].join('\n') });
    const result = loadCases(folder);
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    expect(result.cases).toMatchObject([
      {
        name: 'small',
        accounts: { current: 0, carried: 0, family: 0 },
        steps: [
          {
            kind: 'bill',
            facts: {
              settledOn: '2024-06-15',
              bill: {
                kind: 'outpatient',
                visitDate: '2024-06-15',
                total: 10_000,
                lines: [{ no: 1, quantity: 10_000, price: 100_000_000, amount: 10_000, feeDate: '2024-06-15' }],
              },
              institution: { level: 3, region: '000000', groups: [] },
              person: { homeRegion: '000000', scheme: 'employee', birthDate: '1980-01-01', status: 'active' },
            },
            expect: { amounts: { pool: 8000 } },
          },
        ],
      },
    ]);
  });

  it('takes policies and catalogues from the nearest folder above that has any', () => {
    const folder = configFolder({
      'policies/310118/employee/2023.yaml': smallPolicy(),
      'catalogues/310118/2023-01-01.csv': `${CATALOGUE_HEADER}\nD1,a drug,drug,B,0.10,0.20,,,,sourced,list\n`,
      'cases/one.case.yaml': [
        'name: named',
        'policy: { region: "310118", scheme: employee }',
        'bill: { lines: [ { code: D1, amount: 100 }, { class: C, amount: 1 } ] }',
        expectation,
      ].join('\n'),
    });
    const result = loadCases(folder);
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const [own] = result.cases;
    const items = own?.rulebook.catalogueOn('310118', '2024-06-15')?.items;
    expect(items?.get('D1')?.itemClass).toBe('B');
    expect([...(items?.values() ?? [])].map(({ itemClass }) => itemClass)).toEqual(['B', 'C']);
    expect(own?.rulebook.policyOn('310118', 'employee', '2024-06-15')?.id).toBe('small');
  });

  it('takes those of the configuration when it names a policy and there is no such folder', () => {
    const named = 'policy: { region: "310118", scheme: employee }';
    const one = ['name: named', named, bill, expectation].join('\n');
    const configured = configFolder({ 'policies/310118/employee/2023.yaml': smallPolicy({ id: 'configured' }) });
    const policyOf = (folder: string, configDir?: string) => {
      const result = loadCases(folder, configDir);
      if (!result.ok) throw new Error(JSON.stringify(result.errors));
      return result.cases[0]?.rulebook.policyOn('310118', 'employee', '2024-06-15')?.id;
    };
    expect(policyOf(configFolder({ 'deep/one.case.yaml': one }), configured)).toBe('configured');
    expect(policyOf(configFolder({ 'deep/one.case.yaml': one }))).toBeUndefined();
    const beside = { 'policies/310118/employee/2023.yaml': smallPolicy(), 'deep/one.case.yaml': one };
    expect(policyOf(configFolder(beside), configured)).toBe('small');
    const writtenOut = ['name: written out', policy, bill, expectation].join('\n');
    expect(policyOf(configFolder({ 'one.case.yaml': writtenOut }), configured)).toBeUndefined();
  });

  it.each([
    ['an unknown key', [policy, bill, expectation, 'note: x'], 'note: unknown key'],
    ['no policy', [bill, expectation], 'policy: is missing, and `person` has not both'],
    [
      'a policy that is wrong',
      [policy.replace('0.80', '1.80'), bill, expectation],
      'policy.benefits.outpatient.bands.ratio[0].value: "1.80"',
    ],
    [
      'a policy that makes no sense',
      [
        'policy: { benefits: { outpatient: { bands: { edges: [0, 10], ratio: { rows: [ { when: { band: 1 }, value: 1 } ] } } } } }',
        bill,
        expectation,
      ],
      'policy.benefits.outpatient.bands.ratio[0]: no row matches band 2',
    ],
    ['no bill', [policy, expectation], ': has not exactly one of `bill`, `bills`'],
    ['nothing expected', [policy, bill, 'expect: {}'], 'expect: names nothing'],
    ['no lines', [policy, 'bill: { lines: [] }', expectation], 'bill.lines: must not be empty'],
    [
      'a line without amount',
      [policy, 'bill: { lines: [ { class: A } ] }', expectation],
      'bill.lines[0]: has neither `amount` nor `price`',
    ],
    [
      'a bad amount',
      [policy, 'bill: { lines: [ { amount: 1.005 } ] }', expectation],
      'bill.lines[0].amount: "1.005" is not an amount',
    ],
    [
      'a negative line',
      [policy, 'bill: { lines: [ { amount: -1 } ] }', expectation],
      'bill.lines[0].amount: is negative',
    ],
    [
      'a refund of nothing',
      [policy, 'bill: { lines: [ { amount: -1, refundOf: 2 } ] }', expectation],
      'bill.lines[0].refundOf: 2 is no earlier line',
    ],
    [
      'one code for two items',
      [policy, 'bill: { lines: [ { code: X, class: A, amount: 1 }, { code: X, class: B, amount: 1 } ] }', expectation],
      'bill.lines[1].code: X is written out differently',
    ],
    [
      'a day that does not exist',
      [policy, 'bill: { visitDate: 2024-02-30, lines: [ { amount: 1 } ] }', expectation],
      'bill.visitDate: "2024-02-30"',
    ],
    ['an unknown amount', [policy, bill, 'expect: { poll: 80 }'], 'expect.poll: unknown key'],
    [
      'an unknown accumulator',
      [policy, bill, 'expect: { accumulators: { deducted: 1 } }'],
      'expect.accumulators.deducted: the policy has no such',
    ],
    [
      'an accumulator at the start',
      [policy, 'person: { accumulators: { x: 1 } }', bill, expectation],
      'person.accumulators.x: the policy has no such',
    ],
    [
      'a reversal of a later bill',
      [policy, 'bills: [ { reverse: 2 }, { bill: { lines: [ { amount: 1 } ] }, expect: { pool: 1 } } ]'],
      'bills[0].reverse: 2 is no earlier bill',
    ],
    [
      'a person who is not',
      [policy, 'person: { status: dead }', bill, expectation],
      'person.status: "dead" is not one of',
    ],
  ])('is refused for %s', (_, lines, message) => {
    const found = problems(['name: bad', ...lines].join('\n'));
    expect(found).toContainEqual(expect.stringContaining(`one.case.yaml: ${message}`));
  });

  it('names the case inside a file of several, and the problems of all files', () => {
    const found = problems(
      `cases:\n  - { name: good, ${policy}, ${bill}, ${expectation} }\n  - { name: bad, ${policy}, ${bill}, expect: { pool: x } }\nother: y\n`,
      {
        'two.case.yaml': 'name: [',
        'policies/310118/employee/2023.yaml': smallPolicy({ ratio: '2' }),
      },
    );
    expect(found.map((text) => text.split(': ').slice(0, 2).join(': ')).sort()).toEqual([
      'one.case.yaml: cases[1].expect.pool',
      'one.case.yaml: other',
      expect.stringMatching(/benefits\.outpatient\.bands\.ratio\[0\]\.value$/),
      'two.case.yaml: ',
    ]);
  });

  it('must be there', () => {
    expect(loadCases(configFolder({ 'readme.txt': 'nothing' }))).toMatchObject({
      ok: false,
      errors: [{ reason: /no \*\.case\.yaml/ }],
    });
  });
});
