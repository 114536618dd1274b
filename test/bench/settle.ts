import { alternateWithYardsticks } from './alternation.ts';
import { carriedNow, checkChains } from './chain-check.ts';
import type { LoadJob } from './load-process.ts';
import { loadRow, measureLoad, refuseFailures, type MeasuredLoad } from './measured-load.ts';
import type { Report, Row } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { checkCounts, countSettled } from './settled-check.ts';
import { startWorld, type World } from './world.ts';

const WARM_UP = { clients: 32, seconds: 3 };
const FIXED_RATES = [1000, 3000];
const BUSY_CLIENTS = 64;

/** Settles in a world, and remembers how many bills were answered. */
export interface Settling {
  readonly answered: number;
  run(label: string, loop: LoadJob['loop'], seconds: number): Promise<MeasuredLoad>;
  /** @throws Error when the database does not hold exactly what was answered */
  check(): Promise<string[]>;
}

/** Begins to settle in a new world, with a warm-up. */
export async function startSettling(world: World): Promise<Settling> {
  const carriedBefore = await carriedNow(world.store);
  let answered = 0;
  const settling: Settling = {
    get answered() {
      return answered;
    },
    async run(label, loop, seconds) {
      const load = await measureLoad(world, { path: '/v1/settlements', loop, seconds });
      answered += load.statuses['201'] ?? 0;
      refuseFailures(label, load);
      return load;
    },
    async check() {
      const counts = checkCounts('settled', answered, await countSettled(world.store));
      return [`valid: ${counts}`, `valid: ${await checkChains(world.store, world.configDir, carriedBefore)}`];
    },
  };
  await settling.run('warm-up', { clients: WARM_UP.clients }, WARM_UP.seconds);
  return settling;
}

/** The best of some closed loops; of the busy ones, where there are any. */
export function bestOf<T extends { readonly clients: number; readonly load: MeasuredLoad }>(loops: readonly T[]): T {
  const busy = loops.filter(({ clients }) => clients >= BUSY_CLIENTS);
  const candidates = busy.length > 0 ? busy : loops;
  return candidates.reduce((best, one) => (one.load.perSecond > best.load.perSecond ? one : best));
}

/**
 * Settling over HTTP: closed loops of several sizes, open loops at half of the best and at fixed rates, and by turns with
 * the yardsticks where there are any.
 */
export async function benchSettle(context: BenchContext): Promise<Report> {
  const { clients, seconds, alternations, serves, engine } = context.options;
  const world = await startWorld(context);
  try {
    const settling = await startSettling(world);
    const rows: Row[] = [];
    const closed: { clients: number; load: MeasuredLoad }[] = [];
    for (const count of clients) {
      const label = `${count} clients`;
      context.say(`settle, ${label}`);
      const load = await settling.run(label, { clients: count }, seconds);
      closed.push({ clients: count, load });
      rows.push(loadRow(label, load));
    }
    const best = bestOf(closed);
    const open: { rate: number; load: MeasuredLoad }[] = [];
    for (const rate of [Math.round(best.load.perSecond / 2), ...FIXED_RATES]) {
      const label = `open loop, ${rate}/s`;
      // An offer beyond what can be settled measures the length of the load, not the latency.
      if (rate > best.load.perSecond) {
        rows.push({ load: `${label}: beyond the best closed loop` });
        continue;
      }
      context.say(`settle, ${label}`);
      const load = await settling.run(label, { perSecond: rate }, seconds);
      open.push({ rate, load });
      rows.push(loadRow(label, load));
    }
    const turns =
      alternations > 0 && world.store.yardstickUrl !== undefined
        ? await alternateWithYardsticks(context, world, world.store.yardstickUrl, (label) =>
            settling.run(label, { clients: best.clients }, seconds),
          )
        : undefined;
    context.say('checking what was written');
    const checks = await settling.check();
    return {
      scenario: `settle over HTTP, ten lines a bill (${engine}, ${serves} serve)`,
      rows: [...rows, ...(turns?.rows ?? [])],
      notes: [...(turns?.notes ?? []), ...checks],
      figures: { closed, open, bestClients: best.clients, turns: turns?.figures },
    };
  } finally {
    await world.stop();
  }
}
