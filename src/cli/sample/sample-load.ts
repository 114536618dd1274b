import { setTimeout as pause } from 'node:timers/promises';
import type { County, Institution, PersonImport } from '../../app/ports.ts';
import { hasReached } from '../../core/lifecycle/window-states.ts';
import type { DateText } from '../../core/calendar.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Database } from '../../db/open-database.ts';
import { systemClock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { closingBillOf } from '../../simulators/day-planner.ts';
import { createHospital } from '../../simulators/hospital.ts';
import { runSampleDay, type DayOutcome } from '../../simulators/run-sample-day.ts';
import type { Visit } from '../../simulators/visits.ts';
import type { IssuedKey } from '../ensure-keys.ts';
import type { Progress } from '../progress.ts';
import { buildSample } from './sample-build.ts';

/** As much of a running service as loading a sample needs. */
export interface SampleTarget {
  readonly url: string;
  readonly database: Pick<Database, 'personStore' | 'settlementQueries' | 'clearingStore' | 'copyStore'>;
  readonly rules: { readonly rulebook: Rulebook; readonly regions: readonly County[] };
  readonly institutions: ReadonlyMap<string, Institution>;
  readonly runClearing: (businessDate: DateText) => Promise<unknown>;
}

/** The sample as it stands in the database. */
export interface LoadedSample {
  readonly day: DateText;
  /** The clearing window of the sample day. */
  readonly windowId: number;
  /** What posting came to; undefined when an earlier start did all of it. */
  readonly outcome: DayOutcome | undefined;
}

const PERSONS_A_CALL = 400;
const CONCURRENCY = 8;
const CLEARING_ATTEMPTS = 50;
const CLEARING_PAUSE_MS = 200;

/** Imports persons unless they are all there: bills may have moved their balances since. */
async function importPersons({ database }: SampleTarget, persons: readonly PersonImport[], progress: Progress) {
  if ((await database.personStore.count()) >= persons.length) return;
  progress.begin('参保人 insured persons', persons.length);
  for (let from = 0; from < persons.length; from += PERSONS_A_CALL) {
    const batch = persons.slice(from, from + PERSONS_A_CALL);
    await database.personStore.importPersons(batch, systemClock.now());
    progress.at(from + batch.length);
  }
}

function postVisits({ url }: SampleTarget, visits: readonly Visit[], keys: readonly IssuedKey[], progress: Progress) {
  const keyOf = new Map(keys.filter(({ kind }) => kind === 'institution').map(({ id, key }) => [id, key]));
  progress.begin('账单 bills', visits.flatMap(({ steps }) => steps).length);
  return runSampleDay(visits, {
    hospitalOf: (id) => createHospital({ baseUrl: url, key: keyOf.get(id) ?? '' }),
    concurrency: CONCURRENCY,
    onStep: (done) => {
      progress.at(done);
    },
  });
}

/** Clears, waiting for a run that is under way: a start catches up on missed nights at the same time. */
async function clear({ runClearing }: SampleTarget, businessDate: DateText): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await runClearing(businessDate);
      return;
    } catch (error) {
      if (attempt === CLEARING_ATTEMPTS || !(error instanceof AppError && error.retryable)) throw error;
      await pause(CLEARING_PAUSE_MS);
    }
  }
}

/** The window that the day's last bill is in; undefined while the day is not all there. */
async function windowOfDay({ database, institutions }: SampleTarget, day: DateText) {
  const { institutionId, billNumber } = closingBillOf(day, [...institutions.values()]);
  const [settlement] = await database.settlementQueries.byBill(institutionId, billNumber);
  return settlement && database.clearingStore.window(settlement.row.windowId);
}

/**
 * Brings the sample day into the database: persons, bills over HTTP, the night's clearing. What an earlier start did is
 * found and not done again; the day is that of the first window, so that a start that was cut short before midnight
 * goes on with its own day.
 *
 * @throws AppError BAD_SAMPLE_DATA, ENGINE_UNREACHABLE, SAMPLE_INCOMPLETE, and what clearing throws
 */
export async function loadSample(
  target: SampleTarget,
  configDir: string,
  keys: readonly IssuedKey[],
  progress: Progress,
): Promise<LoadedSample> {
  const { database, rules, institutions } = target;
  const first = (await database.clearingStore.window(1)) ?? (await database.clearingStore.openWindow());
  const day = first.businessDate;
  let outcome: DayOutcome | undefined;
  let window = await windowOfDay(target, day);
  if (window === undefined) {
    const { persons, visits } = buildSample({ configDir, ...rules, institutions: [...institutions.values()] }, day);
    await importPersons(target, persons, progress);
    outcome = await postVisits(target, visits, keys, progress);
    window = await windowOfDay(target, day);
  }
  if (window === undefined) {
    const surprises = outcome?.surprises.join('; ') ?? '';
    throw new AppError('SAMPLE_INCOMPLETE', `the sample day did not go through: ${surprises}`, { status: 500 });
  }
  if (!hasReached(window.state, 'issued')) {
    progress.begin('清算 clearing', 1);
    // On purpose before midnight: the sample day is over, and the next window is open from now on.
    await clear(target, window.businessDate);
    progress.at(1);
  }
  progress.end();
  return { day, windowId: window.windowId, outcome };
}
