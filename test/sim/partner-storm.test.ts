import { sumWindow } from '../../src/app/clearing/sum-window.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { parseFen } from '../../src/core/money/text.ts';
import { FIRST_DATE, freshPlace } from '../support/databases.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { sampleGround } from '../support/sample.ts';
import { createStorm, REGIONS, type StormSize } from './partner-storm.ts';

const isLong = process.env['STORM'] === '1';
const SIZE: StormSize = isLong ? { bills: 50_000, persons: 3000, width: 40 } : { bills: 600, persons: 60, width: 8 };
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

/** What the database says of each fund's business. */
interface Business {
  readonly settlements: number;
  readonly reversals: number;
  readonly fundTotal: number;
}

let database: Database;
let remove: () => void;

beforeAll(async () => {
  const place = await freshPlace('mariadb');
  database = await openDatabase(place);
  await database.migrate();
  await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
  remove = () => place.remove();
});

afterAll(async () => {
  await database.close();
  remove();
});

async function businessOf(region: string): Promise<Business> {
  const { gross } = await sumWindow(database.windowReader, 1, {});
  const own = gross.filter(({ homeRegion, layer }) => homeRegion === region && layer !== 'account');
  const totals = await database.settlementQueries.totals();
  return { ...totals, fundTotal: own.reduce((sum, { amount }) => sum + amount, 0) };
}

it(
  `a storm of partners that come and go (SEED=${String(seed)})`,
  async () => {
    process.stderr.write(`partner storm: SEED=${String(seed)}\n`);
    const clock = fakeClock('2026-11-24 08:00');
    const storm = await createStorm({ database, rulebook: sampleGround().rulebook, clock, seed, size: SIZE });
    for (let bills = 0; bills < SIZE.bills; bills += SIZE.width) await storm.turn();
    await storm.calm();
    process.stderr.write(`${JSON.stringify(storm.figures())}\n`);

    // Every advice once in effect, in order per person.
    const states = new Map(REGIONS.map((region) => [region, storm.funds.get(region)!.state()]));
    const sum = (topic: 'settlement' | 'reversal') =>
      [...states.values()].reduce((total, { messages }) => total + messages[topic], 0);
    const totals = await database.settlementQueries.totals();
    expect({ settlement: sum('settlement'), reversal: sum('reversal') }).toEqual({
      settlement: totals.settlements,
      reversal: totals.reversals,
    });
    expect(await database.outboxStore.backlogs()).toEqual([]);
    for (const region of REGIONS) {
      const { outOfOrder, fundTotal } = states.get(region)!;
      expect({ region, outOfOrder }).toEqual({ region, outOfOrder: [] });
      expect({ region, fundTotal: parseFen(fundTotal) }).toEqual({
        region,
        fundTotal: (await businessOf(region)).fundTotal,
      });
    }

    // Every provisional settlement ended, and those that expired are cases.
    expect(await database.provisionalStore.exposures()).toEqual([]);
    const ended: Record<string, number> = {};
    for (let at = 0; at < storm.stoodIn.length; at += 500) {
      for (const one of await database.provisionalStore.byIds(storm.stoodIn.slice(at, at + 500))) {
        ended[one.state] = (ended[one.state] ?? 0) + 1;
        const isCase = ['expiredProvisional', 'correctionBlocked'].some((reason) =>
          storm.cases.has(`${reason} ${one.settlementId}`),
        );
        expect({ ...one, isCase }).toMatchObject({ isCase: one.state === 'expired' });
        if (one.state === 'corrected' && one.correctedBy === undefined) {
          expect(storm.cases.has(`correctionRejected ${one.settlementId}`)).toBe(true);
        }
      }
    }
    process.stderr.write(`provisional settlements ended: ${JSON.stringify(ended)}\n`);
    const { confirmed = 0, corrected = 0, expired = 0 } = ended;
    expect(confirmed + corrected + expired).toBe(storm.stoodIn.length);
    expect(await database.settlementQueries.unbalanced()).toEqual([]);
    const { provisional = 0, settled = 0, standInRefused = 0 } = storm.outcomes;
    expect(provisional).toBeGreaterThan(SIZE.bills / 50);
    expect(settled).toBeGreaterThan(SIZE.bills / 5);
    expect([...storm.cases.values()].filter(({ reason }) => reason === 'standInRefused')).toHaveLength(standInRefused);

    // Both sides hold the same accumulators, to the cent.
    for (const region of REGIONS) {
      for (const person of storm.persons.get(region)!) {
        const ours = (await database.personStore.find(person))?.accumulators ?? {};
        const theirs = storm.funds.get(region)!.members.find(person)?.balances?.accumulators ?? [];
        expect({ person, ours: flat(ours) }).toEqual({
          person,
          ours: Object.fromEntries(
            theirs
              .map(({ bucket, name, value }) => [`${bucket} ${name}`, unitsOf(value)] as const)
              .filter(([, value]) => value !== 0),
          ),
        });
      }
    }
    await storm.stop();
  },
  isLong ? 7_200_000 : 120_000,
);

function unitsOf(text: string): number {
  return text.includes('.') ? parseFen(text)! : Number(text);
}

function flat(accumulators: Readonly<Record<string, Readonly<Record<string, number>>>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(accumulators)
      .flatMap(([bucket, names]) => Object.entries(names).map(([name, value]) => [`${bucket} ${name}`, value] as const))
      .filter(([, value]) => value !== 0),
  );
}
