import { AppError } from '../platform/errors.ts';
import type { Hospital } from './hospital.ts';
import type { Step, Story, Visit } from './visits.ts';

/** What became of a day, counted. */
export interface DayOutcome {
  settled: number;
  /** Settled by an earlier run of the same day that was cut short. */
  alreadyThere: number;
  reversed: number;
  /** The same content again, answered with the first answer. */
  repeats: number;
  /** Other content under the same number, refused. */
  conflicts: number;
  readonly refused: Record<string, number>;
  readonly stories: Partial<Record<Story, number>>;
  /** Answers that were not as expected, in words. */
  readonly surprises: string[];
}

/** How to run a day. */
export interface DayRun {
  readonly hospitalOf: (institutionId: string) => Hospital;
  readonly concurrency: number;
  /** Told after each step. */
  readonly onStep: (done: number, total: number) => void;
}

type Settle = Extract<Step, { do: 'settle' }>;

/** Settles and counts; answers with the id of the settlement, if there is one. */
async function settle(hospital: Hospital, step: Settle, outcome: DayOutcome): Promise<string | undefined> {
  const answer = await hospital.settle(step.bill);
  if (answer.ok) {
    if (step.expect === 'settled') outcome[answer.body.repeat ? 'alreadyThere' : 'settled'] += 1;
    else if (step.expect === 'repeat' && answer.body.repeat) outcome.repeats += 1;
    else outcome.surprises.push(`${step.bill.billNumber}: settled, but expected: ${step.expect}`);
    return answer.body.settlementId;
  }
  const { code, detail } = answer.problem;
  if (step.expect === 'conflict' && code === 'BILL_CONFLICT') outcome.conflicts += 1;
  else if (step.expect === 'refused' && code === step.code) outcome.refused[code] = (outcome.refused[code] ?? 0) + 1;
  else
    outcome.surprises.push(
      `${step.bill.billNumber}: ${answer.status} ${code} (${detail}), but expected: ${step.expect}`,
    );
  return undefined;
}

async function runVisit(visit: Visit, hospital: Hospital, outcome: DayOutcome, onStep: () => void): Promise<void> {
  let settlementId: string | undefined;
  for (const step of visit.steps) {
    if (step.do === 'settle') {
      settlementId = (await settle(hospital, step, outcome)) ?? settlementId;
    } else if (settlementId !== undefined) {
      const answer = await hospital.reverse(settlementId, step.reason);
      if (answer.ok) outcome.reversed += 1;
      else outcome.surprises.push(`${settlementId}: not reversed, ${answer.status} ${answer.problem.code}`);
    }
    onStep();
  }
  outcome.stories[visit.story] = (outcome.stories[visit.story] ?? 0) + 1;
}

/**
 * Posts a day to the engine over HTTP, several visits at a time, the last one when all others are done. A day that was
 * cut short can be run again: what is there already is found by its bill numbers.
 *
 * @throws AppError ENGINE_UNREACHABLE, ANSWER_NOT_UNDERSTOOD
 */
export async function runSampleDay(visits: readonly Visit[], run: DayRun): Promise<DayOutcome> {
  const closing = visits.at(-1);
  if (closing === undefined) throw new AppError('BAD_SAMPLE_DATA', 'the day has no visits', { status: 500 });
  const outcome: DayOutcome = {
    settled: 0,
    alreadyThere: 0,
    reversed: 0,
    repeats: 0,
    conflicts: 0,
    refused: {},
    stories: {},
    surprises: [],
  };
  const total = visits.reduce((sum, { steps }) => sum + steps.length, 0);
  let done = 0;
  const onStep = (): void => run.onStep(++done, total);
  const waiting = visits.slice(0, -1).values();
  const work = async (): Promise<void> => {
    for (const visit of waiting) await runVisit(visit, run.hospitalOf(visit.institutionId), outcome, onStep);
  };
  await Promise.all(Array.from({ length: run.concurrency }, work));
  await runVisit(closing, run.hospitalOf(closing.institutionId), outcome, onStep);
  return outcome;
}
