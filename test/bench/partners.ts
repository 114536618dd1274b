import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { readPersonCopy } from '../../src/app/funds/read-person-copy.ts';
import { takePersons } from '../../src/app/funds/take-persons.ts';
import type { FreshLook } from '../../src/app/standin/ports.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { start } from '../../src/main.ts';
import { BREAKER_OPTIONS, type Breakers } from '../../src/partners/breakers.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { bodyOf, look, REGIONS } from '../sim/partner-storm.ts';
import { createDatabase, freePort, startPrivateMariadb } from '../support/private-mariadb.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import type { LoadResult } from './latency-record.ts';
import { openLoop } from './load-loops.ts';
import { seeded } from './seeded.ts';

/**
 * What one county in the dark does to the patients of all three. Run by itself: node test/bench/partners.ts [seconds] [per second]
 * A fifth of all patients have a copy that is too old, so that their fund is asked at the counter. The county that goes
 * dark does so when the load begins: the calls that find out are in the figures.
 */
const CONFIG_DIR = resolve(import.meta.dirname, '../../config');
const PERSONS = 10_000;
const STALE_EVERY = 5;
const HOUR_MS = 3_600_000;
const DAY = new Date(Date.now() + 8 * HOUR_MS).toISOString().slice(0, 10);

interface Settings {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly funds: readonly (readonly [string, string])[];
}

/** The service in a process of its own, asking funds as a service does. */
async function serve({ url, port, dataDir, funds }: Settings): Promise<void> {
  const fundUrls = new Map(funds);
  const loaded = loadConfig(CONFIG_DIR);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const { rulebook } = loaded.config.rules;
  const database = await openDatabase({ url, dataDir });
  const freshLook = (breakers: Breakers): FreshLook => ({
    async refresh(region, personId, deadlineMs) {
      const fund = fundUrls.get(region) ?? '';
      const body = await breakers.call(region, 'eligibility', () => look(fund, personId, deadlineMs));
      if (body === undefined) return false;
      const read = readPersonCopy(rulebook, region, body, Date.now());
      if (read.problems !== undefined) return false;
      const deps = { copies: database.copyStore, rulebook: () => rulebook, clock: systemClock };
      return (await takePersons(deps, region, [read.copy]))[0]?.kind === 'taken';
    },
  });
  await start({
    environment: {
      host: '127.0.0.1',
      port,
      configDir: CONFIG_DIR,
      dataDir,
      databaseUrl: url,
      fundUrls,
      logLevel: 'silent',
    },
    serve: true,
    work: false,
    freshLook,
  });
  process.send?.('ready');
}

interface Ground {
  readonly settings: Settings;
  readonly funds: ReadonlyMap<string, FundServer>;
  readonly hospitals: readonly string[];
}

async function prepare(url: string, dataDir: string): Promise<Ground> {
  const database = await openDatabase({ url, dataDir });
  await database.migrate();
  const loaded = loadConfig(CONFIG_DIR);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const hospitals = [...loaded.config.institutions.values()]
    .filter(({ kind }) => kind === 'hospital')
    .map(({ id }) => id);
  await database.keyStore.add(
    hospitals.map((id) => {
      return { keyHash: createHash('sha256').update(id).digest('hex'), principal: { kind: 'institution', id } };
    }),
  );
  const funds = new Map<string, FundServer>();
  for (const region of REGIONS) {
    const ids = Array.from({ length: PERSONS }, (_, at) => `${region}p${at}`);
    await database.personStore.importPersons(ids.map((id) => samplePerson(id, { homeRegion: region })));
    const fund = await startFundServer({ name: region });
    fund.members.enrol(ids.map((id) => bodyOf(id, Date.now())));
    funds.set(region, fund);
  }
  await database.close();
  const sql = await createConnection(url);
  await sql.query('UPDATE person SET copied_at_ms = ? - IF(MOD(SUBSTRING(person_id, 8), ?) = 0, ?, 0)', [
    Date.now(),
    STALE_EVERY,
    25 * HOUR_MS,
  ]);
  await sql.end();
  const addresses = [...funds].map(([region, fund]) => [region, fund.url] as const);
  return { settings: { url, port: await freePort(), dataDir, funds: addresses }, funds, hospitals };
}

let bills = 0;
const nextOf = new Map<string, number>();

function requestOf(region: string, hospitals: readonly string[]): Buffer {
  const at = nextOf.get(region) ?? 0;
  nextOf.set(region, at + 1);
  const institutionId = hospitals[bills % hospitals.length] ?? '';
  const line = { code: 'A1', name: '透析液', quantity: '1', price: '300.00', amount: '300.00' };
  const body = JSON.stringify({
    institutionId,
    billNumber: `P-${bills++}`,
    personId: `${region}p${at % PERSONS}`,
    kind: 'outpatient',
    visitDate: DAY,
    total: '300.00',
    lines: [line],
  });
  const head = [
    'POST /v1/settlements HTTP/1.1',
    'host: bench',
    `authorization: Bearer ${institutionId}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

async function load(ground: Ground, perSecond: number, seconds: number): Promise<Map<string, LoadResult>> {
  const { port } = ground.settings;
  const results = await Promise.all(
    REGIONS.map(async (region, at) => {
      const next = (): Buffer => requestOf(region, ground.hospitals);
      const result = await openLoop([port], perSecond / REGIONS.length, seconds, next, seeded(at + 1));
      return [region, result] as const;
    }),
  );
  return new Map(results);
}

function failed({ statuses }: LoadResult): number {
  return Object.entries(statuses).reduce((sum, [status, count]) => (status.startsWith('2') ? sum : sum + count), 0);
}

async function measure(ground: Ground, seconds: number, perSecond: number): Promise<void> {
  await load(ground, perSecond, 5);
  const up = new Map<string, number[]>(REGIONS.map((region) => [region, []]));
  const dark = new Map<string, number[]>(REGIONS.map((region) => [region, []]));
  for (const silent of REGIONS) {
    for (const isDark of [false, true]) {
      if (isDark) ground.funds.get(silent)?.setFaults({ silent: true });
      const results = await load(ground, perSecond, seconds);
      ground.funds.get(silent)?.setFaults({});
      for (const [region, result] of results) {
        (isDark ? dark : up).get(region)?.push(result.p99Ms);
        const words = [isDark ? `${silent} dark` : 'all up', `patients of ${region}`, `p50 ${result.p50Ms.toFixed(1)}`];
        const rest = [
          `p99 ${result.p99Ms.toFixed(1)}`,
          `max ${result.maxMs.toFixed(0)} ms`,
          `${failed(result)} failed`,
        ];
        console.log([...words, ...rest].join(', '));
      }
      // Until the breaker has let a probe through.
      if (isDark) await sleep(BREAKER_OPTIONS.resetMs + 500);
    }
  }
  const mean = (values: readonly number[] = []): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  for (const region of REGIONS) {
    const [well, ill] = [mean(up.get(region)), dark.get(region) ?? []];
    const ratios = ill.map((one) => (one / well).toFixed(2)).join(', ');
    console.log(`patients of ${region}: p99 all up ${well.toFixed(1)} ms; with ${REGIONS.join(', ')} dark × ${ratios}`);
  }
}

const [first, second] = process.argv.slice(2);
if (first === 'serve') {
  await serve(JSON.parse(second ?? '') as Settings);
} else {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-partners-'));
  const server = await startPrivateMariadb();
  let child: ChildProcess | undefined;
  let ground: Ground | undefined;
  try {
    ground = await prepare(await createDatabase(server.url, 'partners'), dataDir);
    const script = process.argv[1] ?? '';
    const args = [script, 'serve', JSON.stringify(ground.settings)];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    await measure(ground, Number(first ?? 20), Number(second ?? 200));
  } finally {
    child?.kill();
    for (const fund of ground?.funds.values() ?? []) await fund.stop();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
