import { describe, expect, it } from 'vitest';
import { traceValues } from '../../../src/app/settlement/trace-values.ts';
import { wordsFor } from '../../../src/app/settlement/trace-words.ts';
import type { TraceEntry } from '../../../src/core/adjudicate/verdict.ts';
import { NO_LIMIT } from '../../../src/core/policy/parameter.ts';

type Facts = [step: TraceEntry['step'], of: string, inputs: TraceEntry['inputs'], result: TraceEntry['result']];

const entry = ([step, of, inputs, result]: Facts): TraceEntry => ({ step, of, rows: [], inputs, result });

describe('a step in words', () => {
  it.each<[string, Facts, string]>([
    [
      'two bands from a position, capped',
      [
        'bands',
        'inpatient',
        {
          position: 100_000,
          covered: 30_000,
          'amount.1': 10_000,
          'ratio.1': 90_000_000,
          'amount.2': 20_000,
          'ratio.2': 50_000_000,
        },
        { paid: 15_000 },
      ],
      'Payment, inpatient benefit (from 1000.00 on the scale): 100.00 × 0.9 + 200.00 × 0.5 = 190.00, capped to 150.00.',
    ],
    [
      'nothing beyond the deductible',
      ['bands', 'outpatient', { position: 0, covered: 0 }, { paid: 0 }],
      'Payment, outpatient benefit: 0.00 = 0.00.',
    ],
    [
      'a waived deductible',
      ['deductible', 'outpatient', { waived: 'disease M07801' }, { deducted: 0, beyond: 100 }],
      'Deductible, outpatient benefit: waived (disease M07801).',
    ],
    [
      'a long stay under a ceiling',
      [
        'deductible',
        'inpatient',
        {
          'expense.2': 100_000,
          'standard.2': 50_000,
          'expense.3': 20_000,
          'standard.3': 25_000,
          roomUnderCeiling: 60_000,
        },
        { deducted: 60_000, beyond: 60_000 },
      ],
      'Deductible, inpatient benefit: admission 2: standard 500.00, expense 1000.00, admission 3: standard 250.00, expense 200.00; ' +
        '600.00 left under the yearly ceiling; 600.00 deducted, 600.00 beyond.',
    ],
    [
      'an expense cap',
      ['cap', 'yearly', { beyond: 500, room: 300 }, { covered: 300 }],
      'Cap yearly has 3.00 left: of 5.00, 3.00 is looked at.',
    ],
    [
      'an adjustment away from home',
      [
        'outOfArea',
        'none',
        {},
        {
          extraFirstSelfPay: 10_000_000,
          ratioMinus: 0,
          benefitTimes: 100_000_000,
          deductibleTimes: 100_000_000,
          level: 3,
        },
      ],
      'Treated away from home (filing: none): extraFirstSelfPay 0.1, ratioMinus 0.0, benefitTimes 1.0, deductibleTimes 1.0, level 3.',
    ],
    [
      'its first self-pay',
      ['outOfArea', 'outpatient', { eligible: 10_000, ratio: 10_000_000 }, { outOfArea: 1_000 }],
      'Out-of-area first self-pay: 100.00 × 0.1 = 10.00.',
    ],
    [
      'an account that pays first',
      ['accountFirst', 'current', { expense: 500, balance: 300 }, { paid: 300 }],
      'The current-year account pays 3.00 first (of 5.00, balance 3.00).',
    ],
    [
      'a lump sum',
      ['lumpSum', 'aid', { accumulated: 100, base: 200 }, { lumpSum: 50 }],
      'Lump sum, aid: 0.50 (accumulated 1.00, now 2.00).',
    ],
  ])('tells %s', (_what, facts, words) => {
    expect(wordsFor(entry(facts)).en).toBe(words);
  });

  it('is Chinese first', () => {
    const facts: Facts = ['cash', 'person', { personTotal: 1_000, account: 400 }, { cash: 600 }];
    expect(wordsFor(entry(facts)).zh).toBe('现金：个人负担 10.00 − 账户 4.00 = 6.00。');
  });
});

it('writes amounts as yuan, ratios as decimals, levels as numbers, and no limit as none', () => {
  const values = { room: NO_LIMIT, 'ratio.12': 85_000_000, level: 3, paid: -5, period: 'recovery' };
  expect(traceValues(values)).toEqual({
    room: 'none',
    'ratio.12': '0.85',
    level: '3',
    paid: '-0.05',
    period: 'recovery',
  });
});
