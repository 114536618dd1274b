import { mkdtempSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { loadConfig } from '../../src/config/load-config.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { BREAKER_OPTIONS } from '../../src/partners/breakers.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { bodyOf, REGIONS } from '../sim/partner-storm.ts';
import { startPrivateMariadb } from '../support/private-mariadb.ts';
import { samplePerson } from '../support/settlement-samples.ts';
import { startBenchService } from './bench-service.ts';
import { failuresOf, type LoadResult } from './latency-record.ts';
import { openLoop } from './load-loops.ts';
import { median, type Report, type Row } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { seeded } from './seeded.ts';
import { benchDate } from './world.ts';

const CONFIG_DIR = resolve(import.meta.dirname, '../../config');
const PERSONS = 10_000;
const PER_SECOND = 150;
/** For each county; so few that none is idle for long enough to be closed. */
const CONNECTIONS = 64;
/** So many patients have a copy that is too old, so that their fund is asked at the counter. */
const STALE_EVERY = 5;
const HOUR_MS = 3_600_000;
const WARM_UP_SECONDS = 5;

/** Three funds, hospitals that may bill, persons of all three, and a fifth of the copies too old. */
async function populate(url: string, dataDir: string, funds: ReadonlyMap<string, FundServer>): Promise<string[]> {
  const loaded = loadConfig(CONFIG_DIR);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const hospitals = [...loaded.config.institutions.values()].filter(({ kind }) => kind === 'hospital');
  const database = await openDatabase({ url, dataDir });
  await database.migrate();
  await database.keyStore.add(
    hospitals.map(({ id }) => {
      return { keyHash: createHash('sha256').update(id).digest('hex'), principal: { kind: 'institution', id } };
    }),
  );
  for (const [region, fund] of funds) {
    const ids = Array.from({ length: PERSONS }, (_, at) => `${region}p${at}`);
    await database.personStore.importPersons(ids.map((id) => samplePerson(id, { homeRegion: region })));
    fund.members.enrol(ids.map((id) => bodyOf(id, Date.now())));
  }
  await database.close();
  const sql = await createConnection(url);
  const age = `IF(MOD(SUBSTRING(person_id, 8), ${STALE_EVERY}) = 0, ${25 * HOUR_MS}, 0)`;
  await sql.query(`UPDATE person SET copied_at_ms = ${Date.now()} - ${age}`);
  await sql.end();
  return hospitals.map(({ id }) => id);
}

/** Bills of one line, of one county's patients after the other. */
function createRequests(hospitals: readonly string[]): (region: string) => Buffer {
  const visitDate = benchDate();
  const next = new Map<string, number>();
  let bills = 0;
  return (region) => {
    const at = next.get(region) ?? 0;
    next.set(region, at + 1);
    const institutionId = hospitals[bills % hospitals.length] ?? '';
    const line = { code: 'A1', name: '透析液', quantity: '1', price: '300.00', amount: '300.00' };
    const personId = `${region}p${at % PERSONS}`;
    const bill = {
      institutionId,
      billNumber: `P-${bills++}`,
      personId,
      kind: 'outpatient',
      visitDate,
      total: '300.00',
    };
    const body = JSON.stringify({ ...bill, lines: [line] });
    const head = `POST /v1/settlements HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${institutionId}`;
    const length = Buffer.byteLength(body);
    return Buffer.from(`${head}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`);
  };
}

/** Two turns one after the other, for the patients of one county. */
interface Pair {
  readonly dark: string;
  readonly patients: string;
  readonly up: LoadResult;
  readonly down: LoadResult;
}

function rowOf({ dark, patients, up, down }: Pair): Row {
  return {
    dark,
    'patients of': patients,
    'up p50 ms': up.p50Ms.toFixed(1),
    'dark p50 ms': down.p50Ms.toFixed(1),
    'up p99 ms': up.p99Ms.toFixed(1),
    'dark p99 ms': down.p99Ms.toFixed(1),
    'dark max ms': Math.round(down.maxMs),
    'p99 ratio': (down.p99Ms / up.p99Ms).toFixed(2),
  };
}

/**
 * What one county in the dark does to the patients of all three. Turns with all funds up and with one silent follow each
 * other; a fund goes silent when its turn begins, so that the calls that find out are in the figures.
 */
export async function benchPartners({ options, say }: BenchContext): Promise<Report> {
  const seconds = options.seconds * 3;
  const rounds = Math.max(1, Math.round(options.alternations / 5));
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-partners-'));
  const started: { stop(): Promise<unknown> }[] = [];
  try {
    const mariadb = await startPrivateMariadb({ bufferPoolMiB: 1024, redoMiB: 512, flushLogAtTrxCommit: 1 });
    started.push(mariadb);
    const funds = new Map<string, FundServer>();
    for (const region of REGIONS) {
      const fund = await startFundServer({ name: region });
      started.push(fund);
      funds.set(region, fund);
    }
    say('writing persons');
    const requestOf = createRequests(await populate(mariadb.url, dataDir, funds));
    const service = await startBenchService({
      CONFIG_DIR,
      DATA_DIR: dataDir,
      DATABASE_URL: mariadb.url,
      FUND_URLS: Array.from(funds, ([region, { url }]) => `${region}=${url}`).join(','),
    });
    started.push(service);

    const load = async (length: number): Promise<Map<string, LoadResult>> => {
      const results = REGIONS.map(async (region, at) => {
        const next = (): Buffer => requestOf(region);
        return [
          region,
          await openLoop([service.port], PER_SECOND / 3, length, next, seeded(at + 1), CONNECTIONS),
        ] as const;
      });
      const all = new Map(await Promise.all(results));
      for (const one of all.values()) if (failuresOf(one) > 0) throw new Error(JSON.stringify(one.statuses));
      return all;
    };
    say('warming up');
    await load(WARM_UP_SECONDS);
    const pairs: Pair[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const [dark, fund] of funds) {
        say(`round ${round} of ${rounds}: ${dark} up, then dark`);
        const up = await load(seconds);
        fund.setFaults({ silent: true });
        const down = await load(seconds);
        fund.setFaults({});
        for (const region of REGIONS) {
          pairs.push({ dark, patients: region, up: up.get(region)!, down: down.get(region)! });
        }
        // Until the breaker lets a probe through again.
        await sleep(BREAKER_OPTIONS.resetMs + 500);
      }
    }
    const ratio = (of: (pair: Pair) => boolean): string =>
      median(pairs.filter(of).map(({ up, down }) => down.p99Ms / up.p99Ms)).toFixed(2);
    return {
      scenario: `partners: ${PER_SECOND} bills a second, every ${STALE_EVERY}th copy too old, turns of ${seconds} s`,
      rows: pairs.map(rowOf),
      notes: [
        `p99 one dark ÷ p99 all up, median: own patients ${ratio(({ dark, patients }) => dark === patients)}, others ${ratio(({ dark, patients }) => dark !== patients)}`,
        `valid: every bill was answered 2xx; a turn has ${Math.round((PER_SECOND * seconds) / 3)} bills of each county`,
      ],
      figures: pairs,
    };
  } finally {
    for (const one of started.reverse()) await one.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
