import { LatencyRecord, type LoadResult } from './latency-record.ts';
import { LoadConnection, type OnAnswer } from './load-connection.ts';

const OPEN_LOOP_CONNECTIONS = 256;

function openAll(ports: readonly number[], count: number, onAnswer: OnAnswer): Promise<LoadConnection[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => LoadConnection.open(ports[index % ports.length]!, onAnswer)),
  );
}

/** As many clients as asked, spread over the ports, each sending its next request when it has its answer. */
export async function closedLoop(
  ports: readonly number[],
  clients: number,
  seconds: number,
  nextRequest: () => Buffer,
): Promise<LoadResult> {
  let until = 0;
  let underWay = clients;
  const { promise: finished, resolve: finish } = Promise.withResolvers<undefined>();
  const connections = await openAll(ports, clients, (connection, status, latencyMs) => {
    record.add(status, latencyMs);
    const now = performance.now();
    if (now < until && status !== 0) connection.send(nextRequest(), now);
    else if (--underWay === 0) finish(undefined);
  });
  const record = new LatencyRecord();
  until = performance.now() + seconds * 1000;
  for (const connection of connections) connection.send(nextRequest(), performance.now());
  await finished;
  const result = record.result();
  for (const connection of connections) connection.close();
  return result;
}

/** Requests at a rate, with exponential gaps, whether or not answers keep up; waiting for a free connection counts. */
export async function openLoop(
  ports: readonly number[],
  perSecond: number,
  seconds: number,
  nextRequest: () => Buffer,
  random: () => number,
  clients = OPEN_LOOP_CONNECTIONS,
): Promise<LoadResult> {
  const waiting: number[] = [];
  const idle: LoadConnection[] = [];
  let underWay = 0;
  const connections = await openAll(ports, clients, (connection, status, latencyMs) => {
    record.add(status, latencyMs);
    underWay--;
    if (status === 0) return;
    const dueAt = waiting.shift();
    if (dueAt === undefined) idle.push(connection);
    else send(connection, dueAt);
  });
  const send = (connection: LoadConnection, dueAt: number): void => {
    underWay++;
    connection.send(nextRequest(), dueAt);
  };
  idle.push(...connections);
  const record = new LatencyRecord();
  let dueAt = performance.now();
  const until = dueAt + seconds * 1000;
  while (dueAt < until) {
    const now = performance.now();
    while (dueAt <= now && dueAt < until) {
      // The one that was idle longest, so that none is idle long enough to be closed.
      const connection = idle.shift();
      if (connection === undefined) waiting.push(dueAt);
      else send(connection, dueAt);
      dueAt += (-Math.log(1 - random()) / perSecond) * 1000;
    }
    // Never spinning: the core that it would burn is one of the two that are measured.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (underWay > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const one of waiting) record.add(0, performance.now() - one);
  const result = record.result();
  for (const connection of connections) connection.close();
  return result;
}
