import { LoadConnection } from './load-connection.ts';

/** What a load came to. */
export interface LoadResult {
  readonly requests: number;
  /** By HTTP status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

class Recorder {
  readonly latencies: number[] = [];
  readonly statuses: Record<string, number> = {};

  add(status: number, latencyMs: number): void {
    this.latencies.push(latencyMs);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
  }

  result(seconds: number): LoadResult {
    const sorted = Float64Array.from(this.latencies).sort();
    return {
      requests: sorted.length,
      statuses: this.statuses,
      seconds,
      perSecond: sorted.length / seconds,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? 0,
    };
  }
}

/** As many clients as asked, each sending its next request when it has its answer. */
export async function closedLoop(
  port: number,
  clients: number,
  seconds: number,
  nextRequest: () => string,
): Promise<LoadResult> {
  const connections = await Promise.all(Array.from({ length: clients }, () => LoadConnection.open(port)));
  const record = new Recorder();
  const started = performance.now();
  const until = started + seconds * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < until) {
        const { status, latencyMs } = await connection.send(nextRequest(), performance.now());
        record.add(status, latencyMs);
      }
      connection.close();
    }),
  );
  return record.result((performance.now() - started) / 1000);
}

/** Requests at a rate, with exponential gaps, whether or not answers keep up; waiting for a free connection counts. */
export async function openLoop(
  port: number,
  perSecond: number,
  seconds: number,
  nextRequest: () => string,
  random: () => number,
): Promise<LoadResult> {
  const idle: LoadConnection[] = await Promise.all(Array.from({ length: 256 }, () => LoadConnection.open(port)));
  const waiting: { request: string; dueAt: number }[] = [];
  const record = new Recorder();
  const started = performance.now();
  const until = started + seconds * 1000;
  let underWay = 0;
  const start = (connection: LoadConnection, request: string, dueAt: number): void => {
    underWay++;
    connection.send(request, dueAt).then(
      ({ status, latencyMs }) => {
        record.add(status, latencyMs);
        underWay--;
        const next = waiting.shift();
        if (next === undefined) idle.push(connection);
        else start(connection, next.request, next.dueAt);
      },
      () => {
        record.add(0, performance.now() - dueAt);
        underWay--;
      },
    );
  };
  let dueAt = started;
  while (dueAt < until) {
    const now = performance.now();
    while (dueAt <= now && dueAt < until) {
      // The one that was idle longest, so that none is idle long enough to be closed.
      const connection = idle.shift();
      if (connection === undefined) waiting.push({ request: nextRequest(), dueAt });
      else start(connection, nextRequest(), dueAt);
      dueAt += (-Math.log(1 - random()) / perSecond) * 1000;
    }
    // Never spinning: the core that it would burn is one of the two that are measured.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const connection of idle) connection.close();
  return record.result(seconds);
}
