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
import { createDatabase, startPrivateMariadb } from '../support/private-mariadb.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { smallRulebook } from '../support/small-rules.ts';

/**
 * How fast a backlog drains, and how long a fresh message of somebody else takes meanwhile. Run by itself:
 * node test/bench/drain-outbox.ts [messages] [mariadb|sqlite]
 */
const [messages, engine] = [Number(process.argv[2] ?? 100_000), process.argv[3] ?? 'mariadb'];
const PERSONS = 10_000;
const BATCH = 64;
const HOME = '320509';
const rulebook = smallRulebook('benefits:\n  outpatient:\n    bands: { measure: gross, ratio: 0.80 }\n');

const newId = createIdSource(() => Date.now());
let bills = 0;

async function settle(database: Database, persons: readonly string[]): Promise<void> {
  const { settlementStore: store } = database;
  const deps = { store, rulebook: () => rulebook, clock: systemClock, newId };
  const commands = persons.map((person) => smallCommand(`B-${bills++}`, person, 10_000));
  const outcomes = await settleBills(deps, commands);
  if (outcomes.some(({ kind }) => kind !== 'settled')) throw new Error('a bill did not settle');
}

function personsFrom(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

async function fill(database: Database): Promise<void> {
  const persons = personsFrom('p', PERSONS);
  await database.personStore.importPersons(persons.map((id) => samplePerson(id)));
  await database.personStore.importPersons(personsFrom('fresh', 2000).map((id) => samplePerson(id)));
  for (let made = 0; made < messages; made += BATCH) {
    const count = Math.min(BATCH, messages - made);
    await settle(
      database,
      Array.from({ length: count }, (_, at) => persons[(made + at) % PERSONS] ?? ''),
    );
  }
}

async function run(database: Database): Promise<void> {
  const fund = await startFundServer();
  const breakers = createBreakers();
  const { settlementQueries: queries, clearingStore: clearing, outboxStore: outbox } = database;
  const deps: DispatchDeps = {
    outbox,
    source: createMessageSource({ queries, clearing, rulebook: () => rulebook }),
    client: createFundClient({ region: HOME, url: fund.url, timeoutMs: 30_000 }, breakers),
    clock: systemClock,
  };
  const sentAt = new Map<string, number>();
  const took: number[] = [];
  const client: DispatchDeps['client'] = {
    region: HOME,
    async send(batch) {
      const delivery = await deps.client.send(batch);
      for (const { personId } of batch) {
        const at = sentAt.get(personId as string);
        if (at !== undefined) took.push(performance.now() - at);
      }
      return delivery;
    },
  };
  const state = { isDraining: true };
  const freshly = (async () => {
    for (const person of personsFrom('fresh', 2000)) {
      if (!state.isDraining) return;
      sentAt.set(person, performance.now());
      await settle(database, [person]);
      await sleep(100);
    }
  })();
  const startedMs = performance.now();
  let delivered = 0;
  while (delivered < messages + took.length) {
    const round = await dispatchOutbox({ ...deps, client });
    delivered += round.delivered;
    if (round.delivered === 0) break;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  state.isDraining = false;
  await freshly;
  took.sort((left, right) => left - right);
  const { duplicates, outOfOrder } = fund.state();
  console.log(
    JSON.stringify({
      engine,
      messages: delivered,
      seconds: Number(seconds.toFixed(1)),
      perSecond: Math.round(delivered / seconds),
      freshMessages: took.length,
      freshP50Ms: Math.round(took[Math.floor(took.length / 2)] ?? 0),
      freshMaxMs: Math.round(took.at(-1) ?? 0),
      duplicates,
      outOfOrder: outOfOrder.length,
    }),
  );
  breakers.close();
  await fund.stop();
}

const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-drain-'));
const server = engine === 'mariadb' ? await startPrivateMariadb() : undefined;
try {
  const url = server && (await createDatabase(server.url, 'drain'));
  const database = await openDatabase({ url, dataDir });
  await database.migrate();
  await database.clearingStore.openFirstWindow('2026-11-24', 0);
  await fill(database);
  await run(database);
  await database.close();
} finally {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
