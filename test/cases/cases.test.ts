import { spawnSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCase } from '../../src/app/policy/run-cases.ts';
import { loadCases } from '../../src/config/load-cases.ts';
import { configFolder, smallPolicy } from '../support/config-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const loaded = loadCases(import.meta.dirname, resolve(ROOT, 'config'));

describe('worked cases', () => {
  it('are all well written', () => {
    expect(loaded.ok ? [] : loaded.errors).toEqual([]);
  });

  const cases = loaded.ok ? loaded.cases : [];
  it.each(cases.map((own) => ({ own, title: `${relative(import.meta.dirname, own.file)}: ${own.name}` })))(
    '$title',
    ({ own }) => {
      expect(runCase(own).differences).toEqual([]);
    },
  );
});

const HALF = 'policy: { benefits: { outpatient: { bands: { ratio: 0.50 } } } }';
const BILL = 'bill: { lines: [ { firstSelfPay: 0.10, amount: 100 } ] }';

function differencesOf(...lines: string[]) {
  const folder = configFolder({ 'one.case.yaml': ['name: one', ...lines].join('\n') });
  const result = loadCases(folder);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.cases.flatMap((own) => [...runCase(own).differences]);
}

describe('a difference', () => {
  it('is reported for each amount, line and accumulator that is not exactly as expected', () => {
    const accumulating =
      'policy: { benefits: { inpatient: { deductible: { form: perAdmission, amount: 10, admissions: stays }, bands: { ratio: 0.50 } } } }';
    expect(
      differencesOf(
        accumulating,
        'bill: { kind: inpatient, lines: [ { firstSelfPay: 0.10, amount: 100 } ] }',
        'expect: { pool: 40.01, cash: 60, deductible: 9, lines: { 1: { firstSelfPay: 10, eligible: 91, reason: CLASS_A }, 2: {} }, accumulators: { stays: 2 } }',
      ),
    ).toEqual([
      { bill: 1, field: 'deductible', expected: '9.00', got: '10.00' },
      { bill: 1, field: 'pool', expected: '40.01', got: '40.00' },
      { bill: 1, field: 'lines[1].eligible', expected: '91.00', got: '90.00' },
      { bill: 1, field: 'lines[1].reason', expected: 'CLASS_A', got: 'CLASS_B' },
      { bill: 1, field: 'lines[2]', expected: 'a line', got: 'no line of this number' },
      { bill: 1, field: 'accumulators.stays', expected: '2', got: '1' },
    ]);
  });

  it('is a settlement where a rejection was expected, another rejection, or an unexpected one', () => {
    expect(differencesOf(HALF, BILL, 'expect: { rejection: NOT_INSURED }')).toEqual([
      { bill: 1, field: 'rejection', expected: 'NOT_INSURED', got: 'a settlement' },
    ]);
    const uninsured = 'person: { coverage: [] }';
    expect(differencesOf(HALF, uninsured, BILL, 'expect: { rejection: NO_POLICY }')).toMatchObject([
      { expected: 'NO_POLICY', got: expect.stringMatching(/^NOT_INSURED/) as string },
    ]);
    expect(differencesOf(HALF, uninsured, BILL, 'expect: { pool: 45 }')).toMatchObject([{ expected: 'a settlement' }]);
    expect(differencesOf(HALF, uninsured, BILL, 'expect: { rejection: NOT_INSURED }')).toEqual([]);
  });
});

function policyCases(folder: string, ...options: string[]) {
  const command = ['src/cli/tongjie.ts', 'policy', 'cases', folder, ...options];
  return spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
}

describe('tongjie policy cases', () => {
  function run(...options: string[]) {
    const folder = configFolder({
      'right.case.yaml': ['name: right', HALF, BILL, 'expect: { pool: 45 }'].join('\n'),
      'wrong.case.yaml': ['name: wrong', HALF, BILL, 'expect: { pool: 45.01 }'].join('\n'),
    });
    return policyCases(folder, ...options);
  }

  it('prints the difference and exits 1', () => {
    const { status, stdout } = run();
    expect(stdout).toMatch(/^ok .*right\.case\.yaml: right$/m);
    expect(stdout).toMatch(/^FAIL .*wrong\.case\.yaml: wrong\n +pool: expected 45\.01, got 45\.00$/m);
    expect(status).toBe(1);
  });

  it('prints results as JSON', () => {
    const { status, stdout } = run('--json');
    expect(JSON.parse(stdout)).toMatchObject({
      results: [
        { name: 'right', differences: [] },
        { name: 'wrong', differences: [{ field: 'pool', expected: '45.01', got: '45.00' }] },
      ],
    });
    expect(status).toBe(1);
  });

  it('exits 0 when there is no difference', () => {
    expect(policyCases('test/cases/published').status).toBe(0);
  });

  it('takes rules from the project, or from the folder given, where the cases have none', () => {
    const named = 'policy: { region: "310118", scheme: employee }';
    const stay = 'bill: { kind: inpatient, lines: [ { amount: 2500 } ] }';
    const folder = configFolder({
      'one.case.yaml': ['name: of Shanghai', named, stay, 'expect: { pool: 850 }'].join('\n'),
    });
    expect(policyCases(folder)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^1 cases, 0 with/m) as string,
    });
    const other = configFolder({ 'policies/310118/employee/2023.yaml': smallPolicy() });
    expect(policyCases(folder, '--config', other).stdout).toMatch(/expected a settlement, got BENEFIT_NOT_PROVIDED/);
  });
});
