import { setTimeout as sleep } from 'node:timers/promises';
import { residentMiBOf } from './process-cpu.ts';
import { slope, type Report } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { startSettling } from './settle.ts';
import { startWorld } from './world.ts';

const CLIENTS = 128;
const PARTS = 10;

/** Resident memory of a service under full load, at each tenth of the time. */
export async function benchMemory(context: BenchContext): Promise<Report> {
  const { minutes, engine } = context.options;
  const world = await startWorld(context);
  try {
    const settling = await startSettling(world);
    const resident = (): number => Math.max(...world.services.map(({ pid }) => residentMiBOf(pid)));
    const points: [minute: number, mib: number][] = [[0, resident()]];
    const load = settling.run('full load', { clients: CLIENTS }, minutes * 60);
    // Somebody must be there when it fails while we sleep.
    load.catch(() => undefined);
    for (let part = 1; part <= PARTS; part++) {
      await sleep((minutes * 60_000) / PARTS);
      points.push([(minutes * part) / PARTS, resident()]);
      context.say(`memory, ${part} of ${PARTS}`);
    }
    const { perSecond } = await load;
    const checks = await settling.check();
    // The first tenth is the heap growing to its working size.
    const rise = slope(points.slice(2));
    return {
      scenario: `memory of a serve process, ${CLIENTS} clients, ${minutes} min (${engine})`,
      rows: points.map(([minute, mib]) => ({ minute: minute.toFixed(2), 'service MiB': Math.round(mib) })),
      notes: [
        `peak ${Math.round(Math.max(...points.map(([, mib]) => mib)))} MiB, slope ${rise.toFixed(1)} MiB a minute after the first tenth, at ${Math.round(perSecond)}/s`,
        ...checks,
      ],
      figures: { points, slopeMiBPerMinute: rise, perSecond },
    };
  } finally {
    await world.stop();
  }
}
