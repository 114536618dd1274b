import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMessageSource } from '../../src/app/outbox/load-messages.ts';
import { settleBills } from '../../src/app/settlement/settle-bills.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { createBreakers } from '../../src/partners/breakers.ts';
import { dispatchOutbox, type DispatchDeps } from '../../src/partners/dispatch-outbox.ts';
import { createFundClient } from '../../src/partners/fund-client.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { startFundServer } from '../../src/simulators/fund-server.ts';
import { smallCommand } from '../support/bills.ts';
import { startPrivateMariadb } from '../support/private-mariadb.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { smallRulebook } from '../support/small-rules.ts';
import { quantile } from './latency-record.ts';
import type { Report } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { benchDate } from './world.ts';

const MESSAGES_MAX = 100_000;
const PERSONS = 10_000;
const FRESH = 2000;
const FRESH_EVERY_MS = 100;
const BATCH = 64;
const HOME = '320509';
const rulebook = smallRulebook('benefits:\n  outpatient:\n    bands: { measure: gross, ratio: 0.80 }\n');
const newId = createIdSource(() => Date.now());
let bills = 0;

async function settle({ settlementStore: store }: Database, persons: readonly string[]): Promise<void> {
  const deps = { store, rulebook: () => rulebook, clock: systemClock, newId };
  const outcomes = await settleBills(
    deps,
    persons.map((person) => smallCommand(`B-${bills++}`, person, 10_000)),
  );
  if (outcomes.some(({ kind }) => kind !== 'settled')) throw new Error('a bill did not settle');
}

function personsFrom(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

async function fill(database: Database, messages: number, onBatch: (made: number) => void): Promise<void> {
  const persons = personsFrom('p', PERSONS);
  await database.personStore.importPersons([...persons, ...personsFrom('fresh', FRESH)].map((id) => samplePerson(id)));
  for (let made = 0; made < messages; made += BATCH) {
    const count = Math.min(BATCH, messages - made);
    await settle(
      database,
      Array.from({ length: count }, (_, at) => persons[(made + at) % PERSONS] ?? ''),
    );
    onBatch(made + count);
  }
}

/** Sends everything, while somebody else settles a bill now and then; answers how long those waited. */
async function drain(database: Database, messages: number) {
  const fund = await startFundServer();
  const breakers = createBreakers();
  const { settlementQueries: queries, clearingStore: clearing, outboxStore: outbox } = database;
  const client = createFundClient({ region: HOME, url: fund.url, timeoutMs: 30_000 }, breakers);
  const settledAt = new Map<string, number>();
  const waitedMs: number[] = [];
  const deps: DispatchDeps = {
    outbox,
    source: createMessageSource({ queries, clearing, rulebook: () => rulebook }),
    clock: systemClock,
    client: {
      region: HOME,
      async send(batch) {
        const delivery = await client.send(batch);
        for (const { personId } of batch) {
          const at = settledAt.get(personId as string);
          if (at !== undefined) waitedMs.push(performance.now() - at);
        }
        return delivery;
      },
    },
  };
  const state = { isDraining: true };
  const freshly = (async () => {
    for (const person of personsFrom('fresh', FRESH)) {
      if (!state.isDraining) return;
      settledAt.set(person, performance.now());
      await settle(database, [person]);
      await sleep(FRESH_EVERY_MS);
    }
  })();
  const startedMs = performance.now();
  let delivered = 0;
  while (delivered < messages + waitedMs.length) {
    const round = await dispatchOutbox(deps);
    delivered += round.delivered;
    if (round.delivered === 0) break;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  state.isDraining = false;
  await freshly;
  const { duplicates, outOfOrder } = fund.state();
  breakers.close();
  await fund.stop();
  if (delivered < messages || duplicates > 0 || outOfOrder.length > 0) {
    throw new Error(`${delivered} delivered, ${duplicates} twice, ${outOfOrder.length} persons out of order`);
  }
  return { delivered, seconds, waitedMs: waitedMs.sort((left, right) => left - right) };
}

/** How fast a backlog drains into a fund that is back, and how long a fresh message of somebody else takes meanwhile. */
export async function benchOutbox({ options, progress, say }: BenchContext): Promise<Report> {
  const messages = Math.min(MESSAGES_MAX, options.settlements);
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-drain-'));
  const isMariadb = options.engine === 'mariadb';
  const settings = { bufferPoolMiB: 1024, redoMiB: 512, flushLogAtTrxCommit: 1 } as const;
  const server = isMariadb ? await startPrivateMariadb(settings) : undefined;
  try {
    const database = await openDatabase({ url: server?.url, dataDir });
    await database.migrate();
    await database.clearingStore.openFirstWindow(benchDate(), 0);
    progress.begin('settlements', messages);
    await fill(database, messages, (made) => progress.at(made));
    progress.end();
    say('draining');
    const { delivered, seconds, waitedMs } = await drain(database, messages);
    await database.close();
    const waited = (share: number): number => Math.round(quantile(waitedMs, share));
    return {
      scenario: `outbox: a backlog of ${messages} messages of ${PERSONS} persons, one fund`,
      rows: [
        {
          messages: delivered,
          seconds: seconds.toFixed(1),
          'per second': Math.round(delivered / seconds),
          'fresh ones': waitedMs.length,
          'fresh p50 ms': waited(0.5),
          'fresh max ms': waited(1),
        },
      ],
      notes: ['valid: each delivered once, in order per person; dispatcher and fund share this process'],
      figures: { delivered, seconds, waitedMs },
    };
  } finally {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
