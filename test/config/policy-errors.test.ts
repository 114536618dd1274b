import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../src/config/load-rules.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';

type Tree = Record<string, unknown>;

const origin = { from: '2023-01-01', source: 'a decree', provenance: 'sourced' };

function fixed(value: unknown): Tree[] {
  return [{ ...origin, value }];
}

function rows(...list: unknown[]): Tree[] {
  return [{ ...origin, rows: list }];
}

/** A policy with one of everything and nothing wrong. */
function goodPolicy(): Tree {
  return {
    id: 'employee-2023',
    region: '310118',
    scheme: 'employee',
    effective: { from: '2023-01-01' },
    year: { starts: '01-01', placedBy: 'settlement', source: 'a decree', provenance: 'sourced' },
    indices: { averageWage: fixed('12000') },
    accumulators: {
      deducted: { counts: 'deducted', of: ['outpatient'] },
      expense: { counts: 'expense', of: ['outpatient', 'serious'] },
      poolPaid: { counts: 'paid', of: ['outpatient', 'inpatient', 'specialDisease'] },
      covered: { counts: 'covered', of: ['specialDisease'], per: 'period' },
      stays: { counts: 'admissions', of: ['inpatient'] },
    },
    benefits: {
      outpatient: {
        deductible: { form: 'yearly', amount: fixed('500'), accumulator: 'deducted' },
        bands: {
          measure: 'gross',
          accumulator: 'expense',
          edges: fixed(['0', '5000']),
          ratio: rows({ when: { band: '1' }, value: '0.80' }, { when: { band: '2' }, value: '0.90' }),
        },
        caps: [{ id: 'yearly', on: 'payment', amount: fixed('6000'), accumulator: 'poolPaid' }],
      },
      inpatient: {
        deductible: {
          form: 'perAdmission',
          amount: rows({ when: { status: 'retired' }, value: '600' }, { value: '800' }),
          factor: rows({ when: { admission: '1' }, value: '1' }, { when: { admission: { from: '2' } }, value: '0.5' }),
          admissions: 'stays',
        },
        bands: { ratio: fixed('0.85') },
        longStayDays: fixed('180'),
      },
      specialDisease: {
        bands: { ratio: fixed('0.85') },
        caps: [{ id: 'limit', on: 'expense', amount: fixed('8000'), accumulator: 'covered' }],
      },
    },
    layers: [
      {
        id: 'serious',
        fund: 'seriousIllness',
        base: ['deductible', 'coinsurance'],
        deductible: { form: 'yearly', amount: fixed('10000'), accumulator: 'expense' },
        bands: { ratio: fixed('0.60') },
      },
    ],
    specialDiseases: [
      {
        code: 'M00500',
        name: 'malignant tumour',
        scope: 'any',
        periods: [{ id: 'treatment', months: fixed('24') }, { id: 'recovery' }],
        source: 'a decree',
        provenance: 'memory',
      },
    ],
    outOfArea: { extraFirstSelfPay: rows({ when: { filing: 'longTerm' }, value: '0' }, { value: '0.10' }) },
    accounts: [
      { purse: 'current', benefits: ['outpatient'], first: ['outpatient'], pays: ['coinsurance'], ...origin },
    ].map(({ from: _, ...account }) => account),
  };
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

/** Sets what a path like `layers[0].base` points at; undefined removes it. */
function change(tree: Tree, path: string, value: unknown): Tree {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  const last = steps.pop()!;
  let node = tree;
  for (const step of steps) {
    const next = node[step];
    if (!isTree(next)) throw new Error(`the good policy has no ${path}`);
    node = next;
  }
  if (value === undefined) Reflect.deleteProperty(node, last);
  else node[last] = value;
  return tree;
}

function errorsOf(tree: unknown) {
  const yaml = parseYaml('policies/310118/employee/2023.yaml', stringify(tree));
  readPolicy(yaml);
  return yaml.errors.found.map(({ file, path, reason }) => ({ file, path, reason }));
}

const deductible = 'benefits.outpatient.deductible';
const bands = 'benefits.outpatient.bands';
const stay = 'benefits.inpatient.deductible';

/** What is changed in the good policy, and the error that must be among those found. */
const BAD: [change: string, to: unknown, path: string, reason: RegExp][] = [
  // Shape
  ['benefits.outpatient.cap', '6000', 'benefits.outpatient.cap', /^unknown key$/],
  ['colour', 'red', 'colour', /^unknown key$/],
  [`${deductible}.amount[0].source`, undefined, `${deductible}.amount[0].source`, /^is missing$/],
  [`${deductible}.amount[0].source`, '  ', `${deductible}.amount[0].source`, /is empty/],
  [`${deductible}.amount[0].provenance`, undefined, `${deductible}.amount[0].provenance`, /^is missing$/],
  [`${deductible}.amount[0].provenance`, 'hearsay', `${deductible}.amount[0].provenance`, /not one of: sourced/],
  [`${deductible}.amount[0].value`, '500.005', `${deductible}.amount[0].value`, /at most two places/],
  [`${deductible}.amount[0].value`, '-500', `${deductible}.amount[0].value`, /not an amount/],
  [`${deductible}.amount[0].value`, '5e2', `${deductible}.amount[0].value`, /not an amount/],
  [`${deductible}.amount[0].value`, 'none', `${deductible}.amount[0].value`, /not an amount/],
  [`${deductible}.amount[0].value`, undefined, `${deductible}.amount[0]`, /exactly one of `value`, `rows`/],
  [`${deductible}.amount`, '500', `${deductible}.amount`, /^must be a list$/],
  [`${deductible}.amount[0].from`, '2023-02-30', `${deductible}.amount[0].from`, /not a day/],
  [`${deductible}.form`, 'weekly', `${deductible}.form`, /not one of: yearly, perAdmission/],
  [`${deductible}.once`, 'firstCome', deductible, /go together/],
  [`${stay}.chained`, 'perhaps', `${stay}.chained`, /neither true nor false/],
  ['benefits.inpatient.bands.ratio[0].value', '1.01', 'benefits.inpatient.bands.ratio[0].value', /between 0 and 1/],
  ['benefits.inpatient.bands.ratio[0].value', '-0.1', 'benefits.inpatient.bands.ratio[0].value', /between 0 and 1/],
  ['benefits.inpatient.bands.ratio[0].value', '85%', 'benefits.inpatient.bands.ratio[0].value', /between 0 and 1/],
  ['benefits.inpatient.longStayDays[0].value', '0', 'benefits.inpatient.longStayDays[0].value', /whole number from 1/],
  ['benefits.inpatient.longStayDays[0].value', '1.5', 'benefits.inpatient.longStayDays[0].value', /whole number/],
  ['specialDiseases[0].periods[0].months[0].value', '0', 'specialDiseases[0].periods[0].months[0].value', /whole/],
  [`${bands}.edges[0].value`, ['0', '5000', '5000'], `${bands}.edges[0].value`, /do not rise/],
  [`${bands}.edges[0].value`, ['100', '5000'], `${bands}.edges[0].value`, /first edge is not 0/],
  [`${bands}.ratio[0].rows[0].when`, { bend: '1' }, `${bands}.ratio[0].rows[0].when.bend`, /^unknown key$/],
  [`${bands}.ratio[0].rows[0].when`, {}, `${bands}.ratio[0].rows[0].when`, /names no condition/],
  [`${stay}.amount[0].rows[0].when`, { status: 'pensioner' }, `${stay}.amount[0].rows[0].when.status`, /not one of/],
  [`${stay}.amount[0].rows[0].when`, { level: '4' }, `${stay}.amount[0].rows[0].when.level`, /not a level/],
  [`${stay}.amount[0].rows[0].when`, { age: {} }, `${stay}.amount[0].rows[0].when.age`, /neither `from` nor `below`/],
  ['layers[0].base', undefined, 'layers[0].base', /^is missing$/],
  ['layers[0].base', [], 'layers[0].base', /must not be empty/],
  ['layers[0].base[1]', 'selfPay', 'layers[0].base[1]', /not one of: deductible/],
  ['layers[0].fund', 'pool', 'layers[0].fund', /not one of: largeCost/],
  ['benefits.specialDisease.caps[0].overflow', 'expense', 'benefits.specialDisease.caps[0]', /caps on payment/],
  ['benefits.outpatient.caps[0].includesDeductible', 'true', 'benefits.outpatient.caps[0]', /caps on expense/],
  ['specialDiseases[0].items', ['D1'], 'specialDiseases[0]', /`scope: any` has none/],
  ['outOfArea', {}, 'outOfArea', /none of the five forms/],
  ['year.starts', '02-30', 'year.starts', /not a day of every year/],
  ['accounts[0].pays', ['accountFirst'], 'accounts[0].pays[0]', /not one of/],

  // Dates
  [`${deductible}.amount[0].from`, '2023-01-02', `${deductible}.amount[0]`, /gap from 2023-01-01 to 2023-01-01/],
  [`${deductible}.amount[0].to`, '2023-12-31', `${deductible}.amount[0]`, /gap from 2024-01-01 on/],
  [
    `${deductible}.amount`,
    [...fixed('500'), { ...fixed('600')[0], from: '2024-01-01' }],
    `${deductible}.amount[1]`,
    /overlaps: what comes before has no `to`/,
  ],
  [
    `${deductible}.amount`,
    [
      { ...fixed('500')[0], to: '2024-01-01' },
      { ...fixed('600')[0], from: '2024-01-01' },
    ],
    `${deductible}.amount[1]`,
    /overlaps: what comes before lasts to 2024-01-01/,
  ],
  [
    `${deductible}.amount`,
    [
      { ...fixed('500')[0], to: '2023-12-30' },
      { ...fixed('600')[0], from: '2024-01-01' },
    ],
    `${deductible}.amount[1]`,
    /gap from 2023-12-31 to 2023-12-31/,
  ],
  ['effective', { from: '2023-01-01', to: '2022-12-31' }, 'effective', /ends on 2022-12-31/],
  ['indices.averageWage[0].from', '2023-07-01', 'indices.averageWage[0]', /gap from 2023-01-01 to 2023-06-30/],
  [
    `${deductible}.amount[0].value`,
    { index: 'gold', times: '0.1' },
    `${deductible}.amount[0]`,
    /no index is called gold/,
  ],
  [
    `${bands}.edges[0].value`,
    ['0', { index: 'averageWage', times: '1' }, '5000'],
    `${bands}.edges[0]`,
    /edges do not rise/,
  ],

  // Names
  ['layers[1]', { ...(goodPolicy()['layers'] as Tree[])[0] }, 'layers[1].id', /serious is there twice/],
  ['layers[0].id', 'outpatient', 'layers[0].id', /is a benefit's name/],
  ['layers[0].base', ['coinsurance', 'coinsurance'], 'layers[0].base[1]', /there twice/],
  ['layers[0].benefits', ['pharmacy'], 'layers[0].benefits[0]', /no benefit pharmacy/],
  ['accounts[0].benefits', ['pharmacy'], 'accounts[0].benefits[0]', /no benefit pharmacy/],
  ['specialDiseases[0].periods[1].id', 'treatment', 'specialDiseases[0].periods[1].id', /there twice/],
  ['specialDiseases[0].periods[0].months', undefined, 'specialDiseases[0].periods[0].months', /only the last period/],
  ['specialDiseases', [], 'benefits.specialDisease', /is for no disease/],
  ['benefits.specialDisease', undefined, 'specialDiseases', /need a benefit `specialDisease`/],
  ['benefits.outpatient.longStayDays', fixed('180'), 'benefits.outpatient.longStayDays', /inpatient care only/],

  // Accumulators
  [`${deductible}.accumulator`, 'deduced', `${deductible}.accumulator`, /no accumulator is called deduced/],
  [`${deductible}.accumulator`, 'poolPaid', `${deductible}.accumulator`, /counts paid, but .* deducted or expense/],
  [`${bands}.measure`, 'afterDeductible', `${bands}.accumulator`, /counts expense, but .* beyond/],
  ['benefits.outpatient.caps[0].accumulator', 'expense', 'benefits.outpatient.caps[0].accumulator', /must count paid/],
  [
    'benefits.specialDisease.caps[0].includesDeductible',
    'true',
    'benefits.specialDisease.caps[0].accumulator',
    /must count coveredAndDeducted/,
  ],
  [`${stay}.admissions`, 'deducted', `${stay}.admissions`, /must count admissions/],
  ['accumulators.poolPaid.of', ['inpatient'], 'benefits.outpatient.caps[0].accumulator', /not fed by outpatient/],
  ['accumulators.poolPaid.of[0]', 'dental', 'accumulators.poolPaid.of[0]', /no benefit or layer dental/],
  ['accumulators.covered.of[0]', 'serious', 'benefits.specialDisease.caps[0].accumulator', /not fed by specialDisease/],
  ['specialDiseases[0].periods', [], 'accumulators.covered.per', /no special disease has periods/],
  ['accumulators.stays', undefined, `${stay}.admissions`, /no accumulator is called stays/],

  // Conditions
  ['layers[0].when', { disease: 'M99999' }, 'layers[0].when.disease', /no special disease M99999/],
  ['layers[0].when', { period: 'spring' }, 'layers[0].when.period', /has a period spring/],
  [`${deductible}.waived`, [{ period: 'treatment' }], `${deductible}.waived[0]`, /can never hold/],
  ['accumulators.expense.when', { benefit: 'inpatient', band: '2' }, 'accumulators.expense.when', /can never hold/],
  [
    'benefits.inpatient.bands.ratio',
    rows({ when: { disease: 'M00500', period: 'treatment' }, value: '0.9' }, { value: '0.8' }),
    'benefits.inpatient.bands.ratio[0].rows[0]',
    /can never match/,
  ],
  [`${bands}.ratio[0].rows[1].when.band`, '3', `${bands}.ratio[0]`, /no row matches band 2/],
  [`${bands}.ratio[0].rows[1].when.band`, '3', `${bands}.ratio[0].rows[1]`, /can never match/],
  [`${stay}.amount[0].rows[1].when`, { status: 'retired' }, `${stay}.amount[0]`, /no row matches status active/],
  [`${stay}.amount[0].rows[1].when`, { status: 'retired' }, `${stay}.amount[0].rows[1]`, /can never match/],
  [`${stay}.factor[0].rows[1].when`, { admission: '2' }, `${stay}.factor[0]`, /no row matches admission 3, nor 2 more/],
  [
    `${stay}.amount[0].rows`,
    [
      { when: { age: { below: '18' } }, value: '500' },
      { when: { age: { from: '19' } }, value: '800' },
    ],
    `${stay}.amount[0]`,
    /no row matches age 18$/,
  ],
  [
    `${stay}.amount[0].rows`,
    [
      { when: { status: 'active' }, value: '800' },
      { when: { retiredOn: { before: '2001-01-01' } }, value: '500' },
      { when: { retiredOn: { from: '2001-01-01' } }, value: '600' },
    ],
    `${stay}.amount[0]`,
    /no row matches status retired, retiredOn none$/,
  ],
  [
    'outOfArea.extraFirstSelfPay[0].rows[1]',
    { when: { filing: ['none', 'referral', 'other'] }, value: '0.10' },
    'outOfArea.extraFirstSelfPay[0]',
    /no row matches filing emergency$/,
  ],
  [
    'benefits.inpatient.bands.ratio',
    rows({ when: { band: '2' }, value: '0.9' }, { value: '0.8' }),
    'benefits.inpatient.bands.ratio[0].rows[0]',
    /can never match/,
  ],
];

describe('a policy is refused', () => {
  it('but not when nothing is wrong', () => {
    expect(errorsOf(goodPolicy())).toEqual([]);
  });

  it('nor when a value is older than the policy and rests on an index that is not', () => {
    const share = { index: 'averageWage', times: '0.5' };
    const tree = change(goodPolicy(), `${bands}.edges`, [{ ...fixed(['0', share])[0], from: '2010-01-01' }]);
    expect(errorsOf(tree)).toEqual([]);
  });

  it('nor when a stay for a disease is treated otherwise', () => {
    const byDisease = rows({ when: { disease: 'M00500' }, value: '0.95' }, { value: '0.85' });
    expect(errorsOf(change(goodPolicy(), 'benefits.inpatient.bands.ratio', byDisease))).toEqual([]);
  });

  it('nor when an accumulator is fed by some bills only', () => {
    expect(errorsOf(change(goodPolicy(), 'accumulators.poolPaid.when', { disease: 'M00500' }))).toEqual([]);
  });

  it('but when a layer leaves a stay for a disease without a ratio', () => {
    const tree = change(goodPolicy(), 'layers[0].when', { disease: 'M00500' });
    change(tree, 'layers[0].bands.ratio', rows({ when: { period: ['treatment', 'recovery'] }, value: '0.60' }));
    expect(errorsOf(tree)).toMatchObject([
      { path: 'layers[0].bands.ratio[0]', reason: expect.stringMatching(/^no row matches period none/) as string },
    ]);
  });

  it.each(BAD)('%s: %j', (where, to, path, reason) => {
    const errors = errorsOf(change(goodPolicy(), where, to));
    const file = 'policies/310118/employee/2023.yaml';
    expect(errors).toContainEqual({ file, path, reason: expect.stringMatching(reason) as string });
  });

  it('with every error at once', () => {
    const tree = goodPolicy();
    change(tree, 'benefits.inpatient.bands.ratio[0].value', '1.5');
    change(tree, `${deductible}.amount[0].source`, undefined);
    change(tree, 'layers[0].base', ['nothing']);
    change(tree, 'extra', 'x');
    expect(errorsOf(tree).map(({ path }) => path)).toEqual([
      `${deductible}.amount[0].source`,
      'benefits.inpatient.bands.ratio[0].value',
      'layers[0].base[0]',
      'extra',
    ]);
    const sense = goodPolicy();
    change(sense, `${deductible}.accumulator`, 'nothing');
    change(sense, 'layers[0].benefits', ['pharmacy']);
    change(sense, `${deductible}.amount[0].from`, '2024-01-01');
    expect(errorsOf(sense)).toHaveLength(3);
  });
});

describe('lines', () => {
  it('name where the deepest known part of a path stands', () => {
    const yaml = parseYaml('a.yaml', stringify(change(goodPolicy(), 'scheme', 'soldier')));
    readPolicy(yaml);
    expect(yaml.errors.found).toMatchObject([{ path: 'scheme', line: 3 }]);
  });

  it('name what is not YAML at all', () => {
    const { errors, tree } = parseYaml('a.yaml', 'id: x\nid: y\n');
    expect(tree).toBeUndefined();
    expect(errors.found).toMatchObject([
      { file: 'a.yaml', path: '', line: 2, reason: expect.stringMatching(/unique/) as string },
    ]);
  });
});
