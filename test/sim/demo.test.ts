import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runDemo, type RunningDemo } from '../../src/cli/sample/demo.ts';
import { displayWidth } from '../../src/cli/terminal-table.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { start } from '../../src/main.ts';
import { createHospital } from '../../src/simulators/hospital.ts';
import { CONFIG_DIR } from '../support/sample.ts';

type Row = Record<string, number>;

let dataDir: string;

function query(sql: string): Row[] {
  const database = new Database(join(dataDir, 'tongjie.sqlite'), { readonly: true });
  try {
    return database.prepare(sql).all() as Row[];
  } finally {
    database.close();
  }
}

/** Starts the demo as `npm start` does, on a free port, and keeps what it prints. */
async function startDemo(): Promise<{ demo: RunningDemo; printed: string[] }> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const environment = { ...readEnvironment({ PORT: '0', DATA_DIR: dataDir }), configDir: CONFIG_DIR };
  try {
    const demo = await runDemo(environment, (used, simulators) =>
      start({ environment: used, serve: true, work: true, simulators }),
    );
    return { demo, printed: log.mock.calls.flatMap(([text]) => String(text).split('\n')) };
  } finally {
    log.mockRestore();
  }
}

const COUNTS = `SELECT (SELECT COUNT(*) FROM person) AS persons, (SELECT COUNT(*) FROM settlement) AS settlements,
  (SELECT COUNT(*) FROM posting) AS postings, (SELECT COUNT(*) FROM clearing_window) AS windows,
  (SELECT COUNT(*) FROM api_key) AS keys, (SELECT SUM(current_fen + carried_fen) FROM account) AS accounts`;

describe('the demo, started for the first time', () => {
  let demo: RunningDemo;
  let printed: string[];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tongjie-demo-'));
    ({ demo, printed } = await startDemo());
  }, 120_000);

  afterAll(async () => {
    await demo.stop();
    await rm(dataDir, { recursive: true });
  });

  it('posts a day with every special case, and hears what it expected', () => {
    const { outcome } = demo.sample;
    expect(outcome).toMatchObject({ alreadyThere: 0, reversed: 3, repeats: 1, conflicts: 1, surprises: [] });
    expect(outcome!.settled).toBeGreaterThan(200);
    expect(outcome!.refused).toEqual({ NOT_INSURED: 4, COVERAGE_SUSPENDED: 1 });
  });

  it('shows the sums of the database', () => {
    const [sums] = query(`SELECT SUM(reverses IS NULL) AS settlements, SUM(reverses IS NOT NULL) AS reversals,
      SUM(total_fen) AS total, SUM(fund_total_fen) AS fundTotal, SUM(account_fen) AS account, SUM(cash_fen) AS cash
      FROM settlement`);
    const { totals } = demo.figures;
    expect(totals).toEqual(sums);
    expect(totals.fundTotal + totals.account + totals.cash).toBe(totals.total);
    expect(totals.fundTotal).toBeGreaterThan(0);
  });

  it('nets the counties to nothing, each by what its statements say', () => {
    const { positions, statements } = demo.figures;
    expect(positions).toHaveLength(3);
    expect(positions.reduce((sum, { net }) => sum + net, 0)).toBe(0);
    expect(statements).toHaveLength(6);
    for (const { region, receivable, payable } of positions) {
      const owed = (side: 'homeRegion' | 'treatmentRegion'): number =>
        statements.filter((one) => one[side] === region).reduce((sum, one) => sum + one.owed, 0);
      expect({ receivable, payable }).toEqual({ receivable: owed('treatmentRegion'), payable: owed('homeRegion') });
    }
    const [crossing] = query(`SELECT SUM(fund_total_fen + account_fen) AS owed FROM settlement
      WHERE home_region <> treatment_region`);
    expect(statements.reduce((sum, { owed }) => sum + owed, 0)).toBe(crossing!.owed);
  });

  it('has a balanced ledger', () => {
    expect(query('SELECT entry_id FROM posting GROUP BY entry_id HAVING SUM(amount_fen) <> 0')).toEqual([]);
  });

  it('has a stay that passed a band edge and the cap, and a person whose layer above the cap paid', () => {
    const above = query(`SELECT total_fen AS total, pool_fen AS pool, large_cost_fen AS above FROM settlement
      WHERE large_cost_fen > 0 ORDER BY total_fen DESC`);
    expect(above).toHaveLength(2);
    // Suzhou: 90 % to 40,000 (less the deductible of 800), 95 % to the cap of 350,000.
    expect(above[0]!.pool).toBe(3_920_000 * 0.9 + 31_000_000 * 0.95);
    expect(above[1]!.pool).toBe(160_000);
  });

  it('leaves a window open for today’s further bills', () => {
    expect(query("SELECT window_id FROM clearing_window WHERE state = 'open'")).toHaveLength(1);
  });

  it('prints tables that line up, and where to look', () => {
    const rules = printed.filter((line) => line.startsWith('──'));
    expect(rules).toHaveLength(3);
    for (const rule of rules) {
      const at = printed.indexOf(rule);
      expect(displayWidth(printed[at + 1]!)).toBe(displayWidth(rule));
      expect(displayWidth(printed[at - 1]!)).toBe(displayWidth(rule));
    }
    expect(printed.join('\n')).toContain(`${demo.url}/docs`);
    expect(printed.join('\n')).toContain(join(dataDir, 'keys.json'));
    expect(printed.join('\n')).toMatch(/illustrative/);
    expect(statSync(join(dataDir, 'keys.json')).mode & 0o777).toBe(0o600);
  });

  it('stays up for whoever has a key', async () => {
    const settlement = query('SELECT settlement_id, institution_id FROM settlement WHERE reverses IS NULL LIMIT 1')[0]!;
    const { settlement_id: id, institution_id: institution } = settlement as unknown as Record<string, string>;
    const { key } = demo.keys.find((one) => one.id === institution)!;
    const answer = await createHospital({ baseUrl: demo.url, key }).statement(id!);
    expect(answer).toMatchObject({ ok: true, body: { settlementId: id, institutionId: institution } });
  });

  it('tells the funds what they owe', async () => {
    for (let waited = 0; waited < 100; waited++) {
      if (query('SELECT message_id FROM outbox UNION SELECT message_id FROM outbox_held').length === 0) break;
      await pause(100);
    }
    expect(query('SELECT message_id FROM outbox UNION SELECT message_id FROM outbox_held')).toEqual([]);
  });

  const ask = async (method: string, path: string, body?: object) => {
    const { key } = demo.keys.find(({ kind }) => kind === 'operator')!;
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(demo.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as object };
  };

  it('lets operators upset a fund’s system, and shows what came of it', async () => {
    const path = '/v1/simulators/330421/faults';
    const upset = await ask('POST', path, { wrongAnswer: 'errorInside' });
    expect(upset).toMatchObject({ status: 200, body: { wrongAnswer: 'errorInside', down: false } });
    const saying = (words: object) =>
      vi.waitFor(
        async () => {
          const { body } = await ask('GET', '/v1/feeds');
          const feeds = (body as { feeds: { region: string; pulls: object[] }[] }).feeds;
          expect(feeds.find(({ region }) => region === '330421')?.pulls[0]).toMatchObject(words);
        },
        { timeout: 20_000, interval: 200 },
      );
    await saying({ lastError: expect.stringContaining('FUND-4711') as string });
    expect((await ask('POST', path, {})).body).toMatchObject({ wrongAnswer: 'none' });
    await saying({ caughtUpAt: expect.any(String) as string });
  }, 60_000);

  it('is told by the funds what it knows already', async () => {
    const balances = `SELECT (SELECT SUM(current_fen) FROM account) AS current, (SELECT SUM(carried_fen) FROM account) AS carried,
      (SELECT COUNT(*) FROM accumulator WHERE amounts <> '{}') AS buckets`;
    const before = query(balances);
    await vi.waitFor(
      async () => {
        const { body } = await ask('GET', '/v1/feeds');
        const { feeds } = body as { feeds: { pulls: { feed: string; position: string; refused: number }[] }[] };
        const persons = feeds.map(({ pulls }) => pulls.find(({ feed }) => feed === 'persons'));
        expect(persons.map((pull) => [Number(pull?.position) >= 1200, pull?.refused])).toEqual(
          Array(3).fill([true, 0]),
        );
      },
      { timeout: 30_000, interval: 200 },
    );
    expect(query(balances)).toEqual(before);
  }, 60_000);

  it('finds its data at a second start and loads nothing again', async () => {
    await demo.stop();
    const before = query(COUNTS);
    const first = demo;
    ({ demo, printed } = await startDemo());
    expect(demo.sample).toEqual({ ...first.sample, outcome: undefined });
    expect(demo.figures).toEqual(first.figures);
    expect(demo.keys).toEqual(first.keys);
    expect(query(COUNTS)).toEqual(before);
  }, 60_000);
});

describe('the demo, cut short in the middle of its first start', () => {
  let whole: RunningDemo['figures'];

  afterAll(() => rm(dataDir, { recursive: true }));

  it('is completed by the next start, without a bill too many', async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tongjie-demo-'));
    const { demo } = await startDemo();
    whole = demo.figures;
    await demo.stop();
    await rm(dataDir, { recursive: true });

    // The engine goes away under the hospitals after a hundred bills.
    dataDir = await mkdtemp(join(tmpdir(), 'tongjie-demo-'));
    const real = globalThis.fetch;
    let calls = 0;
    vi.spyOn(globalThis, 'fetch').mockImplementation((...call) => {
      const isBill = typeof call[0] === 'string' && call[0].includes('/v1/');
      return isBill && ++calls > 100 ? Promise.reject(new TypeError('fetch failed')) : real(...call);
    });
    await expect(startDemo()).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
    vi.restoreAllMocks();
    const [cut] = query('SELECT COUNT(*) AS bills FROM settlement WHERE reverses IS NULL');
    expect(cut!.bills).toBeGreaterThan(50);
    expect(cut!.bills).toBeLessThan(150);

    const { demo: resumed } = await startDemo();
    await resumed.stop();
    expect(resumed.sample.outcome).toMatchObject({ reversed: 3, repeats: 1, conflicts: 1, surprises: [] });
    expect(resumed.sample.outcome!.alreadyThere).toBeGreaterThan(50);
    const figuresOf = ({ totals, positions }: RunningDemo['figures']) => ({ totals, positions });
    expect(figuresOf(resumed.figures)).toEqual(figuresOf(whole));
  }, 120_000);
});
