import { join } from 'node:path';
import { startChild, type BenchChild } from './bench-child.ts';
import type { KnexServiceJob, KnexServiceState } from './knex-service.ts';
import { measureLoad, refuseFailures, type MeasuredLoad } from './measured-load.ts';
import { watchCpu } from './process-cpu.ts';
import { median, type Row } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { checkCounts, countSettled } from './settled-check.ts';
import type { World } from './world.ts';
import { sampleBills, type YardstickJob, type YardstickTurn } from './yardstick-bills.ts';

const WARM_UP_SECONDS = 2;
/** Few bills a second make a program hot late. */
const KNEX_WARM_UP_SECONDS = 30;
/** With more, the knex service only waits longer for its connections. */
const KNEX_CLIENTS = 64;

/** Who takes turns: ours, the physical limit, and what most would write: at the database, and behind express. */
type Taker = 'ours' | 'physical' | 'knex' | 'knexOverHttp';

/** One turn of one of them. */
export interface Turn {
  readonly perSecond: number;
  /** CPU of the writing process (of ours: the service) and of the database for a bill. */
  readonly writerMicros: number;
  readonly databaseMicros: number;
  /** CPU of the client, for ours; a yardstick has none. */
  readonly clientMicros: number;
  readonly othersCores: number;
}

/** What the turns came to. */
export interface Alternation {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly figures: Readonly<Record<Taker, readonly Turn[]>>;
}

class Yardstick {
  readonly #child: BenchChild<YardstickJob, YardstickTurn>;
  readonly #databasePid: number;
  written = 0;
  raises = 0;

  constructor(file: string, databasePid: number) {
    this.#child = startChild(join(import.meta.dirname, file));
    this.#databasePid = databasePid;
  }

  async begin(setting: Extract<YardstickJob, { setting: unknown }>['setting'], warmUpSeconds: number): Promise<void> {
    await this.#child.run({ setting });
    await this.turn(warmUpSeconds);
  }

  async turn(seconds: number): Promise<Turn> {
    const used = watchCpu({ writer: [this.#child.pid], database: [this.#databasePid] });
    const { written, raises, perSecond } = await this.#child.run({ seconds });
    const { seconds: cpu, othersCores } = used();
    this.written += written;
    this.raises += raises;
    const micros = (cpuSeconds: number): number => (cpuSeconds * 1e6) / written;
    return {
      perSecond,
      writerMicros: micros(cpu.writer),
      databaseMicros: micros(cpu.database),
      clientMicros: 0,
      othersCores,
    };
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function turnOf({ perSecond, serviceMicros, databaseMicros, clientMicros, othersCores }: MeasuredLoad): Turn {
  return { perSecond, writerMicros: serviceMicros, databaseMicros, clientMicros, othersCores };
}

function turnRow(name: string, turns: readonly Turn[]): Row {
  const middle = (of: keyof Turn): number => median(turns.map((turn) => turn[of]));
  return {
    load: name,
    'per second': Math.round(middle('perSecond')),
    'service us': Math.round(middle('writerMicros')),
    'database us': Math.round(middle('databaseMicros')),
    'client us': Math.round(middle('clientMicros')),
    'others cores': middle('othersCores').toFixed(2),
  };
}

/**
 * Lets ours and the yardsticks write by turns, so that what else happens on the machine happens to all of them.
 *
 * @throws Error when the yardsticks' database does not hold exactly what they say they wrote
 */
export async function alternateWithYardsticks(
  { options, say }: BenchContext,
  world: World,
  url: string,
  ours: (label: string) => Promise<MeasuredLoad>,
): Promise<Alternation> {
  const { store, source } = world;
  const { seconds, alternations } = options;
  const physical = new Yardstick('physical-writer.ts', store.pid ?? 0);
  const knex = new Yardstick('knex-writer.ts', store.pid ?? 0);
  const service = startChild<KnexServiceJob, KnexServiceState>(join(import.meta.dirname, 'knex-service.ts'));
  try {
    say('warming the yardsticks up');
    const setting = { url, samples: await sampleBills(store), persons: source.persons };
    await physical.begin({ ...setting, seed: 1 }, WARM_UP_SECONDS);
    await knex.begin({ ...setting, seed: 2 }, KNEX_WARM_UP_SECONDS);
    const { port } = await service.run({ url, configDir: world.configDir });
    const overHttp = async (time: number): Promise<Turn> => {
      const instead = { ...world, services: [{ port, pid: service.pid }] };
      const load = { path: '/v1/settlements', loop: { clients: KNEX_CLIENTS }, seconds: time } as const;
      const measured = await measureLoad(instead, load);
      refuseFailures('knex over HTTP', measured);
      return turnOf(measured);
    };
    await overHttp(KNEX_WARM_UP_SECONDS);
    const figures: Record<Taker, Turn[]> = { ours: [], physical: [], knex: [], knexOverHttp: [] };
    for (let round = 1; round <= alternations; round++) {
      say(`turn ${round} of ${alternations}`);
      figures.ours.push(turnOf(await ours(`turn ${round}`)));
      figures.physical.push(await physical.turn(seconds));
      figures.knex.push(await knex.turn(seconds));
      figures.knexOverHttp.push(await overHttp(seconds));
    }
    const served = await service.run({ count: true });
    const counts = await countSettled(store, 'yardsticks.');
    const valid = checkCounts('yardsticks', physical.written + knex.written + served.written, counts);
    const raises = physical.raises + knex.raises + served.raises;
    if (counts.raises !== raises)
      throw new Error(`the yardsticks raised ${raises}, the database says ${counts.raises}`);
    const middle = (of: Taker, figure: (turn: Turn) => number): number => median(figures[of].map(figure));
    const ratio = (to: Taker): string =>
      (middle('ours', ({ perSecond }) => perSecond) / middle(to, ({ perSecond }) => perSecond)).toFixed(2);
    // What a bill costs does not depend on how long others kept the cores: the ratio to believe on a busy machine.
    const cost = (of: Taker): number =>
      middle(of, ({ writerMicros, databaseMicros, clientMicros }) => writerMicros + databaseMicros + clientMicros);
    const costRatio = (to: Taker): string => (cost(to) / cost('ours')).toFixed(2);
    return {
      rows: [
        turnRow('by turns: ours', figures.ours),
        turnRow('by turns: physical', figures.physical),
        turnRow('by turns: knex', figures.knex),
        turnRow('by turns: knex over HTTP', figures.knexOverHttp),
      ],
      notes: [
        `medians of ${alternations} turns: ours ÷ physical ${ratio('physical')}, ours ÷ knex ${ratio('knex')}, ours ÷ knex over HTTP ${ratio('knexOverHttp')}`,
        `by CPU a bill, everything together: ours ${Math.round(cost('ours'))} us; ours ÷ physical ${costRatio('physical')}, ours ÷ knex ${costRatio('knex')}, ours ÷ knex over HTTP ${costRatio('knexOverHttp')}`,
        `valid: ${valid}`,
      ],
      figures,
    };
  } finally {
    await physical.stop();
    await knex.stop();
    await service.stop();
  }
}
