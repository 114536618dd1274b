import { failuresOf, type LoadResult } from './latency-record.ts';
import type { LoadJob } from './load-process.ts';
import { residentMiBOf, watchCpu } from './process-cpu.ts';
import type { Row } from './report.ts';
import type { World } from './world.ts';

/** A load with what each side paid for it. */
export interface MeasuredLoad extends LoadResult {
  readonly serviceMicros: number;
  readonly databaseMicros: number;
  readonly clientMicros: number;
  readonly serviceMiB: number;
  readonly othersCores: number;
}

/** What a load is put on, and with what. */
type Loaded = Pick<World, 'store' | 'client' | 'source'> & {
  readonly services: readonly Pick<World['services'][number], 'port' | 'pid'>[];
};

let runs = 0;

/** Runs one load of bills that no other load has sent. */
export async function measureLoad(
  { services, store, client, source }: Loaded,
  load: Pick<LoadJob, 'path' | 'loop' | 'seconds'>,
): Promise<MeasuredLoad> {
  runs += 1;
  const pids = {
    service: services.map(({ pid }) => pid),
    database: store.pid === undefined ? [] : [store.pid],
    client: [client.pid],
  };
  const used = watchCpu(pids);
  const result = await client.run({ ...load, ports: services.map(({ port }) => port), source, run: runs });
  const { seconds, othersCores } = used();
  const micros = (cpuSeconds: number): number => (cpuSeconds * 1e6) / Math.max(1, result.requests);
  return {
    ...result,
    serviceMicros: micros(seconds.service),
    databaseMicros: micros(seconds.database),
    clientMicros: micros(result.clientCpuSeconds),
    serviceMiB: services.reduce((sum, { pid }) => sum + residentMiBOf(pid), 0),
    othersCores,
  };
}

/** A load's row in a printed table. */
export function loadRow(label: string, load: MeasuredLoad): Row {
  return {
    load: label,
    'per second': Math.round(load.perSecond),
    'p50 ms': load.p50Ms.toFixed(1),
    'p99 ms': load.p99Ms.toFixed(1),
    'max ms': load.maxMs.toFixed(0),
    failed: failuresOf(load),
    'service us': Math.round(load.serviceMicros),
    'database us': Math.round(load.databaseMicros),
    'client us': Math.round(load.clientMicros),
    'service MiB': Math.round(load.serviceMiB),
    'others cores': load.othersCores.toFixed(2),
  };
}

/** What is answered must be answered well: anything else is not the work that is measured. */
export function refuseFailures(label: string, load: LoadResult): void {
  const failed = failuresOf(load);
  if (failed > 0) throw new Error(`${label}: ${failed} requests failed: ${JSON.stringify(load.statuses)}`);
}
