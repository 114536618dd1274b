import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { clearUpTo } from '../../../src/app/clearing/run-clearing.ts';
import { nextDate } from '../../../src/core/calendar.ts';
import { createChance } from '../../../src/simulators/chance.ts';
import { clearingPorts } from '../../support/clearing.ts';
import { expectCleared } from '../../support/cleared.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { admitPersons, COUNTIES, startTraffic } from '../../support/traffic.ts';

const CLIENTS = 64;
const NIGHTS = 4;
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

describeEachDatabase('windows that close while 64 clients settle and reverse', (open) => {
  it(`hold each of them once (SEED=${SEED})`, { timeout: 120_000 }, async () => {
    const database = await open();
    const clock = fakeClock('2026-11-24 12:00');
    const traffic = startTraffic(database, await admitPersons(database, 200), clock);
    let isOver = false;
    const client = async (index: number): Promise<void> => {
      const chance = createChance(SEED + index);
      while (!isOver) {
        if (chance.hits(200)) await traffic.reverse(chance);
        else await traffic.settle(chance);
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));

    const deps = { ...clearingPorts(database), regions: COUNTIES, clock };
    let day = FIRST_DATE;
    for (let night = 1; night <= NIGHTS; night++) {
      const before = traffic.answered.size;
      while (traffic.answered.size < before + 200) await sleep(5);
      clock.advance(24 * 3_600_000);
      expect(await clearUpTo(deps, day)).toMatchObject([{ businessDate: day, state: 'issued' }]);
      // Right after a close, a bill is in the next window and nobody had to wait for it.
      const next = await traffic.settle(createChance(SEED - night));
      expect(next.row.windowId).toBe(night + 1);
      day = nextDate(day);
    }
    isOver = true;
    await Promise.all(clients);
    clock.advance(2 * 24 * 3_600_000);
    // The last one holds what was settled since, the one after it nothing.
    await clearUpTo(deps, nextDate(day));
    const { windows, settlements, late } = await expectCleared(database, traffic.answered);
    expect(windows).toBe(NIGHTS + 2);
    expect(settlements).toBe(traffic.answered.size);
    expect(late).toBeGreaterThan(0);
    expect(await database.windowReader.count(NIGHTS + 2)).toBe(0);
  });
});
