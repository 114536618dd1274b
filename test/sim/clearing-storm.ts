import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dayOfMonth, monthOf, nextDate, shiftMonth, type DateText } from '../../src/core/calendar.ts';
import { clearNow } from '../../src/jobs/clearing-job.ts';
import type { RunnerDeps } from '../../src/jobs/runner.ts';
import { AppError } from '../../src/platform/errors.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createChance, seedOf, type Chance } from '../../src/simulators/chance.ts';
import { clearingPorts } from '../support/clearing.ts';
import type { ChildOrder, Death } from '../support/clearing-child.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { COUNTIES } from '../support/traffic.ts';
import { CLERK_ACTS, confirmAll, decideAll, payAll } from './storm-clerks.ts';
import { FILE_ACTS } from './storm-files.ts';
import type { Storm, StormAct } from './storm-world.ts';

const CHILD = resolve(import.meta.dirname, '../support/clearing-child.ts');
const LEASE_OVER_MS = 15_001;

function dateOf(clock: FakeClock): string {
  return new Date(clock.now() + 8 * 3_600_000).toISOString().slice(0, 10);
}

function runnerOf({ database, clock }: Storm): RunnerDeps {
  const { leaseStore: leases, jobRunStore: runs } = database;
  const log = { info: () => undefined, warn: () => undefined };
  return { leases, runs, clock, newId: createIdSource(() => Date.now()), log };
}

/** Clears what is due, as a worker does that is started again and again until it gets through. */
async function clearWhatIsDue(storm: Storm): Promise<void> {
  const { database, clock } = storm;
  for (;;) {
    try {
      await clearNow(runnerOf(storm), { ...clearingPorts(database), regions: COUNTIES, clock }, undefined);
      return;
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      // Whoever holds the lease is dead: the time in which it may hold it passes.
      if (error.code === 'CLEARING_RUNS') clock.advance(LEASE_OVER_MS);
      await sleep(20);
    }
  }
}

async function killWorker({ mariadb, clock, dataDir }: Storm, chance: Chance): Promise<void> {
  const death: Death = {
    step: chance.pick(['close', 'reconcile', 'net', 'issue']),
    phase: chance.pick(['begin', 'write', 'end']),
  };
  const time = new Date(clock.now() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  const order: ChildOrder = { place: { url: mariadb.url, dataDir }, regions: COUNTIES, time, death };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: 'ignore' });
  await once(child, 'exit');
}

/** What befalls the machines. */
const ACTS: readonly StormAct[] = [
  { name: 'clear in the middle of the day', perMille: 60, run: (storm) => clearWhatIsDue(storm) },
  {
    name: 'kill the database',
    perMille: 40,
    async run({ mariadb }) {
      await mariadb.kill9();
      await sleep(50);
      await mariadb.restart();
    },
  },
  {
    name: 'put the clock back an hour',
    perMille: 40,
    run({ clock }) {
      clock.advance(-3_600_000);
      return Promise.resolve();
    },
  },
];

/** Counters' bills of one turn, all at once; some undo what they or others did. */
async function turn({ traffic }: Storm, seed: number, bills: number): Promise<void> {
  const one = async (index: number): Promise<void> => {
    const chance = createChance(seedOf(seed, index));
    await traffic.settle(chance);
    if (chance.hits(150)) await traffic.reverse(chance);
  };
  await Promise.all(Array.from({ length: bills }, (_, index) => one(index)));
}

async function act(storm: Storm, acts: readonly StormAct[], chance: Chance): Promise<void> {
  for (const { name, perMille, run } of acts) {
    if (!chance.hits(perMille)) continue;
    storm.done.set(name, (storm.done.get(name) ?? 0) + 1);
    await run(storm, chance);
  }
}

/** A night: the clock goes to half past midnight, a worker begins and mostly dies over it, another one finishes. */
async function night(storm: Storm, day: string, chance: Chance): Promise<void> {
  storm.clock.put(`${nextDate(day)} 00:30`);
  if (chance.hits(700)) {
    storm.done.set('kill the worker', (storm.done.get('kill the worker') ?? 0) + 1);
    await killWorker(storm, chance);
  }
  // Now and then nobody comes that night; the next one catches up.
  if (chance.hits(850)) {
    await clearWhatIsDue(storm);
    await storm.office.keepCalendar();
  } else storm.done.set('miss a night', (storm.done.get('miss a night') ?? 0) + 1);
}

/** How long a storm is, and how it is told from others. */
export interface StormPlan {
  readonly seed: number;
  readonly firstDate: DateText;
  readonly days: number;
  readonly bills: number;
  /** Counters that settle at the same time: in so many turns the bills are done. */
  readonly atOnce: number;
  /** After each night, when nothing is under way. */
  readonly afterNight: (number: number) => Promise<void>;
}

/**
 * Lets days of settling, reversing, clearing, disputing, paying, reconciling and dying pass; the same seed brings the same
 * acts in the same order.
 */
export async function runStorm(
  storm: Storm,
  { seed, firstDate, days, bills, atOnce, afterNight }: StormPlan,
): Promise<void> {
  const [chance, clerks, files] = [0, 1, 2].map((stream) => createChance(seedOf(seed, 'acts', stream))) as [
    Chance,
    Chance,
    Chance,
  ];
  let day = firstDate;
  for (let number = 1; number <= days; number++) {
    let left = Math.ceil(bills / days);
    while (left > 0) {
      const size = Math.min(left, atOnce);
      left -= size;
      // What happens happens while bills are under way.
      await Promise.all([
        turn(storm, seedOf(seed, number, left), size),
        act(storm, ACTS, chance),
        act(storm, CLERK_ACTS, clerks),
        act(storm, FILE_ACTS, files),
      ]);
    }
    await night(storm, day, chance);
    await afterNight(number);
    day = nextDate(day);
    if (dateOf(storm.clock) < day) storm.clock.put(`${day} 08:00`);
  }
  storm.clock.advance(24 * 3_600_000);
  await clearWhatIsDue(storm);
}

/** Afterwards everything comes to its end: disputes are decided, what came of them is stated, and all of it is paid. */
export async function settleDown(storm: Storm, seed: number): Promise<void> {
  const chance = createChance(seedOf(seed, 'end'));
  const { clock, office } = storm;
  const laterMonth = (): string => shiftMonth(monthOf(dateOf(clock)), 1);
  await decideAll(storm, chance);
  await office.keepCalendar();
  clock.advance(24 * 3_600_000);
  await clearWhatIsDue(storm);
  await confirmAll(storm);
  // The month of the last window is over, and its payments are instructed.
  clock.put(`${dayOfMonth(laterMonth(), 2)} 00:30`);
  await clearWhatIsDue(storm);
  await confirmAll(storm);
  await office.keepCalendar();
  await payAll(storm, chance);
}
