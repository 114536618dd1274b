import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertBalanced } from '../../../src/core/ledger/journal.ts';
import { agrees, classify } from '../../../src/core/reconcile/classify.ts';
import { adjustmentPostings, movesMoney } from '../../../src/core/reconcile/correction.ts';
import type { BookedRow, FileLine, FileSource, Unmatched } from '../../../src/core/reconcile/rows.ts';

const WINDOW = 5;

function booked(changes: Partial<BookedRow> = {}): BookedRow {
  return {
    settlementId: 's1',
    windowId: WINDOW,
    billNumber: 'b1',
    personId: 'p1',
    institutionId: 'H33042100001',
    homeRegion: '320509',
    treatmentRegion: '330421',
    scheme: 'employee',
    reverses: undefined,
    total: 10_000,
    fundTotal: 6_000,
    account: 1_000,
    ...changes,
  };
}

function line(changes: Partial<FileLine> = {}): FileLine {
  const figures = { total: 10_000, fundTotal: 6_000, account: 1_000 };
  const about = { lineNo: 1, givenId: 's1', refund: false, visitId: 'v1', personId: 'p1', policyHash: undefined };
  return { ...about, ...figures, ...changes };
}

function unmatched(changes: Partial<Unmatched>): Unmatched {
  const nothing = { ours: undefined, elsewhere: undefined, counterpart: undefined, sameBill: undefined };
  return { ...nothing, lines: [], policyHash: undefined, ...changes };
}

const outcome = (facts: Partial<Unmatched>, source: FileSource = 'institution') =>
  classify(unmatched(facts), WINDOW, source).map((each) => [each.class, each.correction.action, each.line?.lineNo]);

describe('a difference is', () => {
  it.each<[string, Partial<Unmatched>, string, string, string]>([
    ['a bill that we have not', { lines: [line()] }, 'missingHere', 'postAgain', 'correctThere'],
    ['a settlement that they have not', { ours: booked() }, 'missingThere', 'reverse', 'adviseAgain'],
    [
      'a settlement undone the same day, of which they have nothing',
      { ours: booked(), counterpart: { settlementId: 'r1', windowId: WINDOW } },
      'missingThere',
      'correctThere',
      'adviseAgain',
    ],
    ['another fund payment', { ours: booked(), lines: [line({ fundTotal: 6_100 })] }, 'amount', 'adjust', 'adjust'],
    ['another total', { ours: booked(), lines: [line({ total: 10_001 })] }, 'amount', 'settleAgain', 'correctThere'],
    [
      'a fund payment beyond the bill',
      { ours: booked(), lines: [line({ fundTotal: 9_001 })] },
      'amount',
      'settleAgain',
      'correctThere',
    ],
    ['another person', { ours: booked(), lines: [line({ personId: 'p2' })] }, 'amount', 'settleAgain', 'correctThere'],
    [
      'other rules',
      { ours: booked(), policyHash: 'a', lines: [line({ fundTotal: 1, policyHash: 'b' })] },
      'ruleVersion',
      'recompute',
      'recompute',
    ],
    [
      'a reversal after the close, which they have dropped from the day',
      { ours: booked(), counterpart: { settlementId: 'r1', windowId: WINDOW + 1 } },
      'reversedAfterClose',
      'seeReversal',
      'seeReversal',
    ],
    [
      'a reversal after the close, which they show on the day',
      {
        lines: [line({ refund: true, total: -10_000, fundTotal: -6_000, account: -1_000 })],
        elsewhere: booked({ settlementId: 'r1', reverses: 's1', windowId: WINDOW + 2 }),
        counterpart: { settlementId: 's1', windowId: WINDOW },
      },
      'reversedAfterClose',
      'seeReversal',
      'seeReversal',
    ],
    [
      'what was settled before and undone on the day',
      {
        lines: [line()],
        elsewhere: booked({ windowId: WINDOW - 1 }),
        counterpart: { settlementId: 'r1', windowId: WINDOW },
      },
      'reversedAfterClose',
      'seeReversal',
      'seeReversal',
    ],
    [
      'a settlement of another day',
      { lines: [line()], elsewhere: booked({ windowId: WINDOW + 1 }) },
      'missingHere',
      'otherPeriod',
      'otherPeriod',
    ],
    [
      'the same bill under an id that we did not give',
      { lines: [line({ givenId: 'x' })], sameBill: { settlementId: 's1', windowId: WINDOW } },
      'duplicate',
      'dropLine',
      'dropLine',
    ],
  ])('%s', (_what, facts, kind, ofInstitution, ofFund) => {
    expect(outcome(facts)).toEqual([[kind, ofInstitution, facts.lines?.[0]?.lineNo]]);
    expect(outcome(facts, 'fund')).toEqual([[kind, ofFund, facts.lines?.[0]?.lineNo]]);
  });

  it('no line that agrees, and every further one', () => {
    expect(outcome({ ours: booked(), lines: [line()] })).toEqual([]);
    const lines = [line({ lineNo: 3, total: 1 }), line({ lineNo: 7 }), line({ lineNo: 9, visitId: 'v2' })];
    expect(outcome({ ours: booked(), lines })).toEqual([
      ['duplicate', 'dropLine', 3],
      ['duplicate', 'dropLine', 9],
    ]);
    expect(outcome({ ours: booked(), lines: lines.slice(0, 1) })).toEqual([['amount', 'settleAgain', 3]]);
    expect(outcome({ lines: lines.slice(1) })).toEqual([
      ['missingHere', 'postAgain', 7],
      ['duplicate', 'dropLine', 9],
    ]);
  });

  it('refused to be found where nothing is, or in another period', () => {
    expect(() => classify(unmatched({}), WINDOW, 'fund')).toThrow(/one side at least/);
    const mixed = [line(), line({ refund: true, lineNo: 2 })];
    expect(() => classify(unmatched({ lines: mixed }), WINDOW, 'fund')).toThrow(/lines of their own/);
    expect(() => classify(unmatched({ ours: booked({ windowId: 4 }) }), WINDOW, 'fund')).toThrow(/rows of the period/);
  });
});

const fen = fc.integer({ min: 0, max: 3 }).map((yuan) => yuan * 100);
const anyRow = fc.record({
  settlementId: fc.constantFrom('s1', 's2'),
  windowId: fc.integer({ min: WINDOW - 1, max: WINDOW + 1 }),
  personId: fc.constantFrom('p1', 'p2'),
  reverses: fc.constantFrom(undefined, 's0'),
  total: fen,
  fundTotal: fen,
  account: fen,
});
const anyLine = fc.record({
  refund: fc.boolean(),
  personId: fc.constantFrom('p1', 'p2'),
  policyHash: fc.constantFrom(undefined, 'a', 'b'),
  total: fen,
  fundTotal: fen,
  account: fen,
});
const related = fc.option(fc.record({ settlementId: fc.constant('r'), windowId: fc.integer({ min: 4, max: 6 }) }), {
  nil: undefined,
});
const anything = fc
  .record({
    ours: fc.option(anyRow, { nil: undefined }),
    lines: fc.array(anyLine, { maxLength: 4 }),
    elsewhere: fc.option(anyRow, { nil: undefined }),
    counterpart: related,
    sameBill: related,
    policyHash: fc.constantFrom(undefined, 'a'),
  })
  .filter(({ ours, lines }) => ours !== undefined || lines.length > 0)
  .map((facts) => ({
    ...facts,
    ours: facts.ours === undefined ? undefined : booked({ ...facts.ours, windowId: WINDOW }),
    elsewhere: facts.elsewhere === undefined ? undefined : booked(facts.elsewhere),
    lines: facts.lines.map((each, index) => {
      // Settlements and reversals are held against lines of their own.
      const refund = facts.ours === undefined ? facts.lines[0]!.refund : facts.ours.reverses !== undefined;
      return line({ ...each, refund, lineNo: index + 1 });
    }),
  }));

describe('whatever differs', () => {
  it('is told once a side: lines that nothing stands for, and a row without a line', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom<FileSource>('institution', 'fund'), (facts, source) => {
        const differences = classify(facts, WINDOW, source);
        // Counted here without the order of the rules: what is explained is one row and one line that agree.
        const agreeing = facts.ours === undefined ? 0 : facts.lines.filter((each) => agrees(facts.ours!, each)).length;
        const told = Math.max(facts.lines.length, 1) - (agreeing > 0 ? 1 : 0);
        expect(differences).toHaveLength(told);
        const lineNos = differences.flatMap((each) => each.line?.lineNo ?? []);
        expect(new Set(lineNos).size).toBe(lineNos.length);
        expect(differences.filter((each) => each.class !== 'duplicate').length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is corrected to what the other side has, and moves money in no other way', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom<FileSource>('institution', 'fund'), (facts, source) => {
        for (const { correction, ours, line: theirs, class: kind } of classify(facts, WINDOW, source)) {
          const { action, adjustBy } = correction;
          if (action !== 'adjust') {
            expect(adjustBy).toBe(0);
            expect(movesMoney(action)).toBe(action === 'reverse');
            if (action === 'reverse')
              expect([kind, theirs, ours?.reverses]).toEqual(['missingThere', undefined, undefined]);
            continue;
          }
          expect(agrees({ ...ours!, fundTotal: ours!.fundTotal + adjustBy }, theirs!)).toBe(true);
          const postings = adjustmentPostings(ours!, adjustBy);
          assertBalanced({ postings });
          const sum = (account: string) =>
            postings.filter((each) => each.account === account).reduce((total, { amount }) => total + amount, 0);
          expect([sum('expense.pool'), sum('payable'), sum('dueFrom') + sum('dueTo')]).toEqual([
            adjustBy,
            -adjustBy,
            0,
          ]);
        }
      }),
    );
  });
});
