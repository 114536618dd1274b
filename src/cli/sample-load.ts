import type { County, Institution, PersonImport } from '../app/ports.ts';
import type { DateText } from '../core/calendar.ts';
import type { Rulebook } from '../core/policy/rulebook.ts';
import type { Database } from '../db/open-database.ts';
import { AppError } from '../platform/errors.ts';
import { createBillMaker } from '../simulators/bill-maker.ts';
import { createChargeBook, type ChargeBook, type ChargeItem } from '../simulators/charge-book.ts';
import { closingBillOf } from '../simulators/day-planner.ts';
import { addDays } from '../simulators/days.ts';
import { createHospital } from '../simulators/hospital.ts';
import { makePopulation } from '../simulators/population.ts';
import { runSampleDay, type DayOutcome } from '../simulators/run-sample-day.ts';
import { planSampleDay } from '../simulators/sample-day.ts';
import { withEarlierSpending } from './earlier-spending.ts';
import type { IssuedKey } from './ensure-keys.ts';
import type { Progress } from './progress.ts';
import { loadChargeMaster, loadPersonas } from './sample-data.ts';

/** As much of a running service as loading a sample needs. */
export interface SampleTarget {
  readonly url: string;
  readonly database: Pick<Database, 'personStore' | 'settlementQueries' | 'clearingStore'>;
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

const SEED = 20_200_820;
const PERSONS_A_COUNTY = 1200;
const PERSONS_A_CALL = 400;
const CONCURRENCY = 8;
/** An ordinary consultation: class A in every county. */
const EARLIER_ITEM = '001102000010000';

function chargeBookFor(
  { rulebook, regions }: SampleTarget['rules'],
  items: readonly ChargeItem[],
  day: DateText,
): ChargeBook {
  const catalogued = regions.flatMap(({ code }) => [...(rulebook.catalogueOn(code, day)?.items.values() ?? [])]);
  const codes = (fits: (item: (typeof catalogued)[number]) => boolean): Set<string> =>
    new Set(catalogued.filter(fits).map(({ code }) => code));
  return createChargeBook(items, {
    restricted: codes(({ restriction }) => restriction !== undefined),
    limited: codes(({ priceLimit }) => priceLimit !== undefined),
  });
}

/** Everybody insured in the counties as of a day: the same day makes the same people. */
function makePersons({ rules }: SampleTarget, configDir: string, book: ChargeBook, day: DateText) {
  const regions = rules.regions.map(({ code }) => code);
  const consultation = book.find(EARLIER_ITEM);
  const population = makePopulation({ seed: SEED, asOf: day, regions, perRegion: PERSONS_A_COUNTY }).map((person) =>
    withEarlierSpending(person, consultation, rules.rulebook, addDays(day, -1)),
  );
  return { population, personas: loadPersonas(configDir, rules.rulebook, day) };
}

/** Imports persons unless they are all there: bills may have moved their balances since. */
async function importPersons(
  target: SampleTarget,
  persons: readonly PersonImport[],
  progress: Progress,
): Promise<void> {
  const { personStore } = target.database;
  if ((await personStore.count()) >= persons.length) return;
  progress.begin('参保人 insured persons', persons.length);
  for (let from = 0; from < persons.length; from += PERSONS_A_CALL) {
    const batch = persons.slice(from, from + PERSONS_A_CALL);
    await personStore.importPersons(batch);
    progress.at(from + batch.length);
  }
}

async function postDay(
  target: SampleTarget,
  configDir: string,
  keys: readonly IssuedKey[],
  day: DateText,
  progress: Progress,
): Promise<DayOutcome> {
  const institutions = [...target.institutions.values()];
  const book = chargeBookFor(target.rules, loadChargeMaster(configDir), day);
  const { population, personas } = makePersons(target, configDir, book, day);
  await importPersons(target, [...population, ...personas], progress);
  const ownCodes = new Map(
    institutions.map(({ id, mapping }) => [id, new Map(Array.from(mapping, ([own, national]) => [national, own]))]),
  );
  const maker = createBillMaker(book, (id) => ownCodes.get(id) ?? new Map());
  const ids = personas.map(({ person }) => person.id);
  const visits = planSampleDay({ day, institutions, population, personas: ids, maker });
  const keyOf = new Map(keys.filter(({ kind }) => kind === 'institution').map(({ id, key }) => [id, key]));
  progress.begin('账单 bills', visits.flatMap(({ steps }) => steps).length);
  return runSampleDay(visits, {
    hospitalOf: (id) => createHospital({ baseUrl: target.url, key: keyOf.get(id) ?? '' }),
    concurrency: CONCURRENCY,
    onStep: (done) => {
      progress.at(done);
    },
  });
}

/** The window that the day's last bill is in; undefined while the day is not all there. */
async function windowOfDay({ database, institutions }: SampleTarget, day: DateText): Promise<number | undefined> {
  const { institutionId, billNumber } = closingBillOf(day, [...institutions.values()]);
  const [settlement] = await database.settlementQueries.byBill(institutionId, billNumber);
  return settlement?.row.windowId;
}

/**
 * Brings the sample day into the database: persons, bills over HTTP, the night's clearing. What an earlier start did is
 * found and not done again; the day is that of the first window, so that a start that was cut short before midnight
 * goes on with its own day.
 *
 * @throws AppError BAD_SAMPLE_DATA, ENGINE_UNREACHABLE, and what clearing throws
 */
export async function loadSample(
  target: SampleTarget,
  configDir: string,
  keys: readonly IssuedKey[],
  progress: Progress,
): Promise<LoadedSample> {
  const { clearingStore } = target.database;
  const day = (await clearingStore.window(1))?.businessDate ?? (await clearingStore.openWindow()).businessDate;
  let windowId = await windowOfDay(target, day);
  const outcome = windowId === undefined ? await postDay(target, configDir, keys, day, progress) : undefined;
  windowId ??= await windowOfDay(target, day);
  const window = windowId === undefined ? undefined : await clearingStore.window(windowId);
  if (window === undefined) {
    const surprises = outcome?.surprises.join('; ') ?? '';
    throw new AppError('SAMPLE_INCOMPLETE', `the sample day did not go through: ${surprises}`, { status: 500 });
  }
  if (window.state !== 'issued') {
    progress.begin('清算 clearing', 1);
    // On purpose before midnight: the sample day is over, and the next window is open from now on.
    await target.runClearing(window.businessDate);
    progress.at(1);
  }
  progress.end();
  return { day, windowId: window.windowId, outcome };
}
