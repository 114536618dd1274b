import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjudicate } from '../../../src/core/adjudicate/adjudicate.ts';
import { applyChanges, revertChanges } from '../../../src/core/adjudicate/accumulate.ts';
import type { BillLine, Facts } from '../../../src/core/adjudicate/facts.ts';
import type { Verdict } from '../../../src/core/adjudicate/verdict.ts';
import type { Accumulator, Benefit, Cap, Policy } from '../../../src/core/policy/policy.ts';
import { FUNDS, PERSON_PARTS, type BenefitKind } from '../../../src/core/policy/terms.ts';
import type { History } from '../../oracle/generate.ts';
import { historyArbitrary } from '../../oracle/history-arbitrary.ts';
import { Draft, benefit, policy, when } from '../../oracle/policy-builder.ts';
import { settle, standing, type Settled } from '../../oracle/run.ts';
import { plainHistory, stay, visit } from './plain-history.ts';

// Making a long list of choices smaller takes longer than it is worth waiting for.
const RUNS = { numRuns: 400, interruptAfterTimeLimit: 10_000, markInterruptAsFailure: true };
const HUNDRED_YUAN = 10_000;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Holds something against every bill of many generated histories that is not rejected. */
function always(holds: (settled: Settled, history: History) => void): void {
  let bills = 0;
  fc.assert(
    fc.property(historyArbitrary, (history) => {
      for (const settled of settle(history)) {
        holds(settled, history);
        bills += 1;
      }
    }),
    RUNS,
  );
  expect(bills).toBeGreaterThan(RUNS.numRuns);
}

function verdictOn(facts: Facts, history: History): Verdict {
  const verdict = adjudicate(facts, history.rulebook);
  if (verdict.kind === 'rejection') expect.fail(`rejected: ${verdict.code}`);
  return verdict;
}

/** All that a bill comes to, without its lines and its trace. */
function outcome(verdict: Verdict) {
  const { lines: _lines, trace: _trace, catalogueHashes, ...rest } = verdict;
  return { ...rest, catalogueHashes: catalogueHashes.toSorted() };
}

/** What each payer comes to. */
function shares({ funds, personParts, accounts, cash }: Verdict) {
  return { funds, personParts, accounts, cash };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    if (value instanceof Map) [...value.values()].forEach(frozen);
    else Object.values(value).forEach(frozen);
  }
  return value;
}

describe('every verdict', () => {
  it('splits each line into parts that add up to it', () => {
    always(({ facts, verdict }) => {
      facts.bill.lines.forEach(({ no, amount }, index) => {
        const line = verdict.lines[index]!;
        expect(line.no).toBe(no);
        expect(line.fullSelfPay + line.overLimit + line.firstSelfPay + line.eligible).toBe(amount);
      });
      for (const field of ['fullSelfPay', 'overLimit', 'firstSelfPay', 'eligible'] as const) {
        expect(verdict[field]).toBe(sum(verdict.lines.map((line) => line[field])));
      }
      expect(verdict.total).toBe(facts.bill.total);
    });
  });

  it('has stages that add up', () => {
    always(({ verdict }) => {
      for (const stage of verdict.stages) {
        expect(stage.deducted + stage.beyond).toBe(stage.expense);
        // A lump sum is paid out of the whole base, also of what the deductible took.
        expect(stage.paid - stage.lumpSum + stage.coinsurance + stage.overCap).toBe(stage.beyond);
        expect(sum(stage.slices.map(({ amount }) => amount))).toBe(stage.covered);
        expect(stage.covered).toBeLessThanOrEqual(stage.beyond);
        expect(stage.paid).toBeLessThanOrEqual(stage.expense);
      }
    });
  });

  it('has shares that add up to the bill', () => {
    always(({ verdict }) => {
      for (const fund of FUNDS) {
        expect(verdict.funds[fund]).toBe(
          sum(verdict.stages.filter((stage) => stage.fund === fund).map(({ paid }) => paid)),
        );
      }
      expect(verdict.fundTotal).toBe(sum(Object.values(verdict.funds)));
      expect(verdict.fundTotal + verdict.personTotal).toBe(verdict.total);
      expect(Object.keys(verdict.personParts).toSorted()).toEqual([...PERSON_PARTS].toSorted());
      expect(verdict.personTotal).toBe(sum(Object.values(verdict.personParts)));
      expect(verdict.account).toBe(sum(Object.values(verdict.accounts)));
      expect(verdict.personTotal).toBe(verdict.account + verdict.cash);
    });
  });

  it('lets nobody pay less than nothing, and no purse more than it holds', () => {
    always(({ facts, verdict }) => {
      const amounts = [
        ...Object.values(verdict.funds),
        ...Object.values(verdict.personParts),
        ...Object.values(verdict.accounts),
        verdict.cash,
        ...verdict.stages.flatMap(({ stage: _stage, fund: _fund, slices, ...rest }) => [
          ...Object.values(rest),
          ...slices.map(({ amount }) => amount),
        ]),
      ];
      expect(amounts.filter((amount) => !(amount >= 0 && Number.isSafeInteger(amount)))).toEqual([]);
      for (const purse of ['current', 'carried', 'family'] as const) {
        expect(verdict.accounts[purse]).toBeLessThanOrEqual(facts.accounts[purse]);
      }
    });
  });

  it('changes accumulators from where they stand, and never down', () => {
    always(({ facts, verdict }) => {
      let now = facts.accumulators;
      for (const change of verdict.accumulators) {
        expect(change.before).toBe(now[change.bucket]?.[change.name] ?? 0);
        expect(change.after).toBeGreaterThanOrEqual(change.before);
        now = applyChanges(now, [change]);
      }
    });
  });

  it('is the same when it is worked out again, from facts and rules that nobody can change', () => {
    always(({ facts, verdict }, history) => {
      frozen(history.rules);
      expect(adjudicate(frozen(facts), history.rulebook)).toEqual(verdict);
    });
  });

  it('names a value of law with its source for every band that paid', () => {
    always(({ verdict }, { rules }) => {
      const law = rules.policies.find(({ hash }) => hash === verdict.policyHash)!;
      for (const { rows } of verdict.trace) for (const row of rows) expect(law.rows[row.index]).toBe(row);
      const traced = new Set(verdict.trace.filter(({ step }) => step === 'bands').map(({ of }) => of));
      for (const { stage, paid, lumpSum } of verdict.stages) if (paid > lumpSum) expect(traced).toContain(stage);
    });
  });
});

describe('settling', () => {
  it('does not depend on the order of lines', () => {
    const order = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(historyArbitrary, order, (history, ranks) => {
        for (const { facts, verdict } of settle(history)) {
          const lines = facts.bill.lines.toSorted((a, b) => ranks[a.no - 1]! - ranks[b.no - 1]!);
          // A refund comes after what it refunds.
          lines.sort((a, b) => Number(a.refundOf !== undefined) - Number(b.refundOf !== undefined));
          const numberOf = (no: number | undefined) => lines.findIndex((line) => line.no === no) + 1;
          const renumbered = lines.map((line) => ({
            ...line,
            no: numberOf(line.no),
            refundOf: line.refundOf === undefined ? undefined : numberOf(line.refundOf),
          }));
          const shuffled = { ...facts, bill: { ...facts.bill, lines: renumbered } };
          expect(outcome(verdictOn(shuffled, history))).toEqual(outcome(verdict));
        }
      }),
      RUNS,
    );
  });

  it('takes a line and its full refund for nothing', () => {
    always(({ facts, verdict }, history) => {
      const { lines } = facts.bill;
      const charged = lines.find(({ refundOf }) => refundOf === undefined)!;
      const again: BillLine = { ...charged, no: lines.length + 1 };
      const refund = {
        ...again,
        no: again.no + 1,
        quantity: -again.quantity,
        amount: -again.amount,
        refundOf: again.no,
      };
      const bill = { ...facts.bill, lines: [...lines, again, refund] };
      expect(shares(verdictOn({ ...facts, bill }, history))).toEqual(shares(verdict));
    });
  });

  it('and reversing, last bill first, restores every accumulator', () => {
    fc.assert(
      fc.property(historyArbitrary, (history) => {
        const settled = settle(history);
        const last = settled.at(-1);
        let now = last ? applyChanges(last.facts.accumulators, last.verdict.accumulators) : history.accumulators;
        for (const { facts, verdict } of settled.toReversed()) {
          now = revertChanges(now, verdict.accumulators);
          expect(standing(now)).toEqual(standing(facts.accumulators));
        }
        expect(standing(now)).toEqual(standing(history.accumulators));
      }),
      RUNS,
    );
  });
});

describe('over a sequence of bills', () => {
  const kinds: readonly BenefitKind[] = ['outpatient', 'inpatient'];
  const yuan = (min: number, max: number) => fc.integer({ min, max }).map((hundreds) => hundreds * HUNDRED_YUAN);
  const fen = (max: number) => fc.integer({ min: 0, max });
  const percent = fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths * 1_000_000);

  it('no cap is passed, be it shared, nested, on payment or on expense', () => {
    const world = fc.record({
      shared: fen(3_000_000),
      inner: fen(1_000_000),
      expense: fen(6_000_000),
      withDeductible: fen(6_000_000),
      deductible: fen(500_000),
      ratio: percent,
      overflow: fc.constantFrom('payment' as const, 'expense' as const),
      bills: fc.array(fc.record({ kind: fc.constantFrom(...kinds), amount: fen(2_500_000) }), {
        minLength: 1,
        maxLength: 12,
      }),
    });
    let reached = 0;
    fc.assert(
      fc.property(world, ({ shared, inner, expense, withDeductible, deductible, ratio, overflow, bills }) => {
        const draft = new Draft();
        const cap = (id: string, on: Cap['on'], amount: number, includesDeductible = false): Cap => ({
          id,
          on,
          amount: draft.constant(id, amount),
          accumulator: id,
          includesDeductible,
          overflow,
          when: undefined,
        });
        const counting = (name: string, measure: Accumulator['measure'], of: readonly string[]): Accumulator => ({
          name,
          measure,
          of,
          when: undefined,
          per: 'year',
        });
        const limits = { shared, inner, expense, withDeductible };
        const benefitOf = (kind: BenefitKind): Benefit => {
          const base = benefit(draft, kind, {});
          return {
            ...base,
            bands: { ...base.bands, ratio: draft.constant('ratio', ratio) },
            deductible: {
              form: 'yearly',
              amount: draft.constant('deductible', deductible),
              accumulator: 'deductible',
              once: 'topUp',
              standardAccumulator: undefined,
              waived: [],
            },
            caps: [
              cap('shared', 'payment', shared),
              ...(kind === 'outpatient' ? [cap('inner', 'payment', inner)] : []),
              cap('expense', 'expense', expense),
              cap('withDeductible', 'expense', withDeductible, true),
            ],
          };
        };
        const law = policy(draft, {
          benefits: { outpatient: benefitOf('outpatient'), inpatient: benefitOf('inpatient') },
          accumulators: [
            counting('deductible', 'deducted', kinds),
            counting('shared', 'paid', kinds),
            counting('inner', 'paid', ['outpatient']),
            counting('expense', 'covered', kinds),
            counting('withDeductible', 'coveredAndDeducted', kinds),
          ],
        });
        const visits = bills.map(({ kind, amount }) => (kind === 'inpatient' ? stay([amount]) : visit(kind, [amount])));
        for (const { facts, verdict } of settle(plainHistory(law, visits))) {
          const year = applyChanges(facts.accumulators, verdict.accumulators)['2024-01-01'] ?? {};
          for (const [name, limit] of Object.entries(limits)) {
            // The deductible itself may carry a cap that counts it past its amount; what is paid for may not.
            const deducted = name === 'withDeductible' ? (year.deductible ?? 0) : 0;
            expect(year[name] ?? 0).toBeLessThanOrEqual(Math.max(limit, deducted));
            if (year[name] === limit && limit > 0) reached += 1;
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(reached).toBeGreaterThan(500);
  });

  it('two halves of a bill come to what the whole comes to, where the year is counted through', () => {
    const world = fc.record({
      deductible: yuan(0, 20),
      edges: fc.tuple(yuan(1, 40), yuan(1, 40)),
      ratios: fc.tuple(percent, percent, percent),
      measure: fc.constantFrom('afterDeductible' as const, 'gross' as const),
      limit: yuan(0, 120),
      before: yuan(0, 60),
      first: yuan(0, 80),
      second: yuan(0, 80),
    });
    fc.assert(
      fc.property(world, ({ deductible, edges, ratios, measure, limit, before, first, second }) => {
        const law = countedThrough({ deductible, edges: [0, edges[0], edges[0] + edges[1]], ratios, measure, limit });
        const last = (amounts: readonly number[]) => {
          const settled = settle(
            plainHistory(law, [visit('outpatient', [before]), ...amounts.map((each) => visit('outpatient', [each]))]),
          );
          const verdicts = settled.slice(1).map(({ verdict }) => verdict);
          const end = settled.at(-1)!;
          return {
            fundTotal: sum(verdicts.map(({ fundTotal }) => fundTotal)),
            parts: PERSON_PARTS.map((part) => sum(verdicts.map(({ personParts }) => personParts[part]))),
            after: standing(applyChanges(end.facts.accumulators, end.verdict.accumulators)),
          };
        };
        expect(last([first, second])).toEqual(last([first + second]));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** A yearly deductible, bands that run through the year, a yearly limit on expense. */
function countedThrough(law: {
  deductible: number;
  edges: readonly number[];
  ratios: readonly [number, number, number];
  measure: 'gross' | 'afterDeductible';
  limit: number;
}): Policy {
  const draft = new Draft();
  const position = law.measure === 'gross' ? 'expense' : 'beyond';
  const inBand = (nth: number) => when(`band: ${nth}`, ['band'], ({ band }) => band === nth);
  const outpatient = benefit(draft, 'outpatient', {
    deductible: {
      form: 'yearly',
      amount: draft.constant('deductible', law.deductible),
      accumulator: 'deducted',
      once: 'topUp',
      standardAccumulator: undefined,
      waived: [],
    },
    bands: {
      measure: law.measure,
      accumulator: position,
      edges: draft.constant('edges', law.edges),
      ratio: draft.always(
        'ratio',
        law.ratios.map((value, index) => ({ when: inBand(index + 1), value })),
      ),
    },
    caps: [
      {
        id: 'limit',
        on: 'expense',
        amount: draft.constant('limit', law.limit),
        accumulator: 'covered',
        includesDeductible: false,
        overflow: 'payment',
        when: undefined,
      },
    ],
  });
  const counting = (name: 'deducted' | 'covered' | 'expense' | 'beyond'): Accumulator => ({
    name,
    measure: name,
    of: ['outpatient'],
    when: undefined,
    per: 'year',
  });
  return policy(draft, {
    benefits: { outpatient },
    accumulators: [counting('deducted'), counting('covered'), counting(position)],
  });
}
