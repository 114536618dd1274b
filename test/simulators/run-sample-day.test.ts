import { describe, expect, it } from 'vitest';
import type { Hospital } from '../../src/simulators/hospital.ts';
import { runSampleDay } from '../../src/simulators/run-sample-day.ts';
import type { Step, Visit } from '../../src/simulators/visits.ts';

type Settled = Awaited<ReturnType<Hospital['settle']>>;

function billed(billNumber: string, more: Partial<Extract<Step, { do: 'settle' }>> = {}): Step {
  return { do: 'settle', bill: { billNumber }, expect: 'settled', ...more } as Step;
}

function visit(...steps: Step[]): Visit {
  return { story: 'ordinary', institutionId: 'H', steps };
}

function settled(repeat: boolean): Settled {
  return { ok: true, status: 200, body: { settlementId: 's', repeat } } as Settled;
}

function refused(code: string): Settled {
  return { ok: false, status: 422, problem: { code, detail: 'why' } } as Settled;
}

/** A hospital that hears these answers, by bill number, in turn. */
function hospitalHearing(answers: Record<string, Settled[]>, log: string[] = []): Hospital {
  return {
    settle: async ({ billNumber }: { billNumber: string }) => {
      log.push(billNumber);
      return answers[billNumber]?.shift() ?? settled(false);
    },
    reverse: async (settlementId: string) => {
      log.push(`reverse ${settlementId}`);
      return { ok: true, status: 201, body: {} };
    },
  } as unknown as Hospital;
}

function run(visits: Visit[], hospital: Hospital) {
  return runSampleDay(visits, { hospitalOf: () => hospital, concurrency: 3, onStep: () => undefined });
}

describe('running a sample day', () => {
  it('counts what it expected', async () => {
    const hospital = hospitalHearing({
      twice: [settled(false), settled(true)],
      other: [settled(false), refused('BILL_CONFLICT')],
      no: [refused('NOT_INSURED')],
      old: [settled(true)],
    });
    const outcome = await run(
      [
        visit(billed('twice'), billed('twice', { expect: 'repeat' })),
        visit(billed('other'), billed('other', { expect: 'conflict' })),
        visit(billed('no', { expect: 'refused', code: 'NOT_INSURED' } as never)),
        visit(billed('back'), { do: 'reverse', reason: 'wrong' }),
        visit(billed('old')),
        visit(billed('last')),
      ],
      hospital,
    );
    expect(outcome).toEqual({
      settled: 4,
      alreadyThere: 1,
      reversed: 1,
      repeats: 1,
      conflicts: 1,
      refused: { NOT_INSURED: 1 },
      stories: { ordinary: 6 },
      surprises: [],
    });
  });

  it('names every answer that it did not expect', async () => {
    const hospital = hospitalHearing({ a: [refused('NOT_INSURED')], c: [refused('COVERAGE_SUSPENDED')] });
    const { surprises } = await run(
      [
        visit(billed('a')),
        visit(billed('b', { expect: 'conflict' })),
        visit(billed('c', { expect: 'refused', code: 'NOT_INSURED' } as never)),
      ],
      hospital,
    );
    expect(surprises.sort()).toEqual([
      'a: 422 NOT_INSURED (why), but expected: settled',
      'b: settled, but expected: conflict',
      'c: 422 COVERAGE_SUSPENDED (why), but expected: refused',
    ]);
  });

  it('posts the last visit when all others are done', async () => {
    const log: string[] = [];
    const slow = hospitalHearing({}, log);
    const settle = async (bill: Parameters<Hospital['settle']>[0]) => {
      if (bill.billNumber === 'slow') await new Promise((done) => setTimeout(done, 50));
      return slow.settle(bill);
    };
    await run([visit(billed('slow')), visit(billed('quick')), visit(billed('last'))], { ...slow, settle });
    expect(log).toEqual(['quick', 'slow', 'last']);
  });
});
