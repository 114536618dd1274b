import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import { applyChanges, revertChanges } from '../../core/adjudicate/accumulate.ts';
import { findGround } from '../../core/adjudicate/eligibility.ts';
import type { AccountBalances, Accumulators } from '../../core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../core/adjudicate/verdict.ts';
import { formatFen } from '../../core/money/text.ts';
import type { Accumulator } from '../../core/policy/policy.ts';
import type { CaseStep, ExpectedAmount, ExpectedLine, Expectation, WorkedCase } from '../../core/policy/worked-case.ts';

/** One thing that came out otherwise than the case says, in words. */
export interface CaseDifference {
  /** Number of the bill in the case, from 1. */
  readonly bill: number;
  /** `pool`, `lines[2].eligible`, `accumulators.poolPaid`, `rejection`. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** What running a case came to; it holds when there is no difference. */
export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly bills: number;
  readonly differences: readonly CaseDifference[];
}

/** Where a case stands between two of its steps. */
interface Standing {
  readonly accumulators: Accumulators;
  readonly accounts: AccountBalances;
  /** By step; undefined for a rejection or a reversal. */
  readonly verdicts: readonly (Verdict | undefined)[];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function outOfAreaOf({ trace }: Verdict): number {
  return sumOf(trace.map(({ step, result }) => (step === 'outOfArea' ? Number(result['outOfArea'] ?? 0) : 0)));
}

function deductedOf({ stages }: Verdict): number {
  return sumOf(stages.map(({ fund, deducted }) => (fund === 'pool' ? deducted : 0)));
}

function amountsOf(verdict: Verdict): Readonly<Record<ExpectedAmount, number>> {
  const { total, fullSelfPay, overLimit, firstSelfPay, eligible, fundTotal, personTotal, account, cash } = verdict;
  return {
    ...{ total, fullSelfPay, overLimit, firstSelfPay, eligible, fundTotal, personTotal, account, cash },
    ...verdict.funds,
    ...verdict.accounts,
    outOfArea: outOfAreaOf(verdict),
    deductible: deductedOf(verdict),
  };
}

type Report = (field: string, expected: string, got: string) => void;

function compareLines(expected: ReadonlyMap<number, ExpectedLine>, verdict: Verdict, report: Report): void {
  for (const [no, line] of expected) {
    const got = verdict.lines.find((candidate) => candidate.no === no);
    if (got === undefined) {
      report(`lines[${no}]`, 'a line', 'no line of this number');
      continue;
    }
    for (const field of ['fullSelfPay', 'overLimit', 'firstSelfPay', 'eligible'] as const) {
      const amount = line[field];
      if (amount !== undefined && amount !== got[field]) {
        report(`lines[${no}].${field}`, formatFen(amount), formatFen(got[field]));
      }
    }
    if (line.reason !== undefined && line.reason !== got.reason) report(`lines[${no}].reason`, line.reason, got.reason);
  }
}

/** Yearly ones stand in the year of the bill; one that runs over a period in the period that the bill, or an earlier one, fed. */
function readAccumulator({ name, per }: Accumulator, verdict: Verdict, accumulators: Accumulators): number {
  if (per === 'year') return accumulators[verdict.yearStart]?.[name] ?? 0;
  const bucket = verdict.accumulators.find((change) => change.name === name)?.bucket;
  const latest = Object.keys(accumulators).findLast((key) => name in (accumulators[key] ?? {}));
  return accumulators[bucket ?? latest ?? '']?.[name] ?? 0;
}

function compareAccumulators(
  expect: Expectation,
  rulebook: WorkedCase['rulebook'],
  verdict: Verdict,
  accumulators: Accumulators,
  report: Report,
): void {
  const declared = rulebook.policyByHash(verdict.policyHash)?.accumulators ?? [];
  for (const accumulator of declared) {
    const { name, measure } = accumulator;
    const expected = expect.accumulators[name];
    const got = readAccumulator(accumulator, verdict, accumulators);
    const write = measure === 'admissions' ? String : formatFen;
    if (expected !== undefined && got !== expected) report(`accumulators.${name}`, write(expected), write(got));
  }
}

function compareOutcome(expect: Expectation, outcome: Verdict | Rejection, report: Report): void {
  if (outcome.kind === 'rejection') {
    if (expect.rejection !== outcome.code) {
      report('rejection', expect.rejection ?? 'a settlement', `${outcome.code}: ${outcome.detail}`);
    }
    return;
  }
  if (expect.rejection !== undefined) {
    report('rejection', expect.rejection, 'a settlement');
    return;
  }
  const got = amountsOf(outcome);
  for (const [field, amount] of Object.entries(expect.amounts) as [ExpectedAmount, number][]) {
    if (amount !== got[field]) report(field, formatFen(amount), formatFen(got[field]));
  }
  compareLines(expect.lines, outcome, report);
}

function moved(accounts: AccountBalances, { accounts: paid }: Verdict, sign: 1 | -1): AccountBalances {
  return {
    current: accounts.current + sign * paid.current,
    carried: accounts.carried + sign * paid.carried,
    family: accounts.family + sign * paid.family,
  };
}

function runStep(step: CaseStep, { rulebook }: WorkedCase, standing: Standing, report: Report): Standing {
  const { accumulators, accounts, verdicts } = standing;
  if (step.kind === 'reversal') {
    const undone = verdicts[step.of - 1];
    if (undone === undefined) {
      report('reverse', `bill ${step.of} to be settled`, 'it was rejected or is reversed already');
      return { accumulators, accounts, verdicts: [...verdicts, undefined] };
    }
    const after = revertChanges(accumulators, undone.accumulators);
    compareAccumulators(step.expect, rulebook, undone, after, report);
    const left = verdicts.map((verdict, at) => (at === step.of - 1 ? undefined : verdict));
    return { accumulators: after, accounts: moved(accounts, undone, 1), verdicts: [...left, undefined] };
  }
  const outcome = adjudicate({ ...step.facts, accumulators, accounts }, rulebook);
  compareOutcome(step.expect, outcome, report);
  const verdict = outcome.kind === 'verdict' ? outcome : undefined;
  if (verdict === undefined) return { accumulators, accounts, verdicts: [...verdicts, undefined] };
  const after = applyChanges(accumulators, verdict.accumulators);
  compareAccumulators(step.expect, rulebook, verdict, after, report);
  return { accumulators: after, accounts: moved(accounts, verdict, -1), verdicts: [...verdicts, verdict] };
}

/** Accumulators are given by name for the year of the first bill. */
function startOf({ steps, accumulators, accounts, rulebook }: WorkedCase): Standing {
  const first = steps.find((step) => step.kind === 'bill');
  const ground = first && findGround({ ...first.facts, accumulators: {}, accounts }, rulebook);
  const start = ground === undefined || 'kind' in ground ? {} : { [ground.yearStart]: accumulators };
  return { accumulators: start, accounts, verdicts: [] };
}

/**
 * Runs one case through the engine and compares exactly what the case names.
 *
 * @throws InvariantViolation on a bug of the engine
 */
export function runCase(worked: WorkedCase): CaseResult {
  const differences: CaseDifference[] = [];
  let standing = startOf(worked);
  worked.steps.forEach((step, at) => {
    standing = runStep(step, worked, standing, (field, expected, got) => {
      differences.push({ bill: at + 1, field, expected, got });
    });
  });
  return { file: worked.file, name: worked.name, bills: worked.steps.length, differences };
}

/** Runs cases in order; one that fails does not stop the next. */
export function runCases(cases: readonly WorkedCase[]): CaseResult[] {
  return cases.map(runCase);
}
