import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFen } from '../../src/core/money/text.ts';
import { itemHashOf } from '../../src/app/clearing/item-hash.ts';
import { postedBill } from '../support/posted-bill.ts';
import { startService, type Caller, type TestService } from '../support/service.ts';

const DAY_MS = 24 * 3_600_000;

describe.each(['sqlite', 'mariadb'] as const)('jobs and books over HTTP on %s', (engine) => {
  let service: TestService;

  const get = (path: string, as: Caller = 'operator') => service.call('GET', path, { as });
  const start = (body: object) => service.call('POST', '/v1/jobs/clearing/runs', { as: 'operator', body });

  beforeAll(async () => {
    service = await startService(engine);
    for (const personId of ['p1', 'p2', 'local']) {
      await service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill({ personId }) });
    }
  });

  afterAll(() => service.stop());

  /** Starts a run; the one before may be on record as done a moment before it lets go of its lease. */
  async function begin(body: object): Promise<string> {
    for (;;) {
      const { status, body: answer } = await start(body);
      if (status === 202) return answer.runId;
      expect(answer.code).toBe('CLEARING_RUNS');
    }
  }

  /** A run when it has ended. */
  async function ended(runId: string) {
    await expect
      .poll(async () => (await get(`/v1/jobs/runs/${runId}`)).body.endedAt, { timeout: 10_000 })
      .toBeDefined();
    return (await get(`/v1/jobs/runs/${runId}`)).body;
  }

  it('has nothing due on the first day, and runs all the same', async () => {
    const { body } = await get('/v1/jobs');
    const clearing = { name: 'clearing', schedule: 'every night at 00:30', due: [] };
    const calendar = { name: 'calendar', schedule: 'every morning at 05:00', due: [], steps: [] };
    expect(body).toEqual({ jobs: [clearing, calendar], runs: [] });
    const { status, body: started } = await start({});
    expect(status).toBe(202);
    expect(await ended(started.runId)).toMatchObject({ name: 'clearing', state: 'done', outcome: { issued: [] } });
  });

  it('shows what is due, what ran, and what came of it', async () => {
    service.clock.nowMs += 2 * DAY_MS;
    const due = ['2026-11-24', '2026-11-25'];
    expect((await get('/v1/jobs')).body.jobs).toMatchObject([{ due }, { due: [] }]);
    const first = await begin({ businessDate: '2026-11-24' });
    expect(await ended(first)).toMatchObject({ step: 'issue', outcome: { issued: [due[0]] } });
    const second = await begin({});
    expect(await ended(second)).toMatchObject({ businessDate: due[1], outcome: { issued: [due[1]] } });
    const { body } = await get('/v1/jobs');
    expect(body.jobs).toMatchObject([{ due: [] }, { due: [] }]);
    expect(body.runs.map(({ runId }) => runId).slice(0, 2)).toEqual([second, first]);
  });

  it('refuses days to come, runs that are not there, and a second run at once', async () => {
    const runId = await begin({ businessDate: '2026-11-27' });
    expect(await ended(runId)).toMatchObject({ state: 'failed', outcome: { code: 'INVALID_INPUT' } });
    expect((await start({ businessDate: '2026-11-31' })).status).toBe(400);
    expect((await get('/v1/jobs/runs/none')).status).toBe(404);
    const { leaseStore } = service.database;
    const take = () => leaseStore.acquire('clearing', 'another machine', service.clock.nowMs, 60_000);
    await expect.poll(take).toBeDefined();
    const { status, body: refused } = await start({});
    expect([status, refused.code]).toEqual([409, 'CLEARING_RUNS']);
    await leaseStore.release('clearing', 'another machine');
  });

  it('runs the calendar for operators alone, once at a time, and says what it did', async () => {
    const ask = (as: Caller) => service.call('POST', '/v1/jobs/calendar/runs', { as });
    expect((await ask('homeClerk')).status).toBe(403);
    const { leaseStore } = service.database;
    await leaseStore.acquire('calendar', 'another machine', service.clock.nowMs, 60_000);
    const refused = await ask('operator');
    expect([refused.status, refused.body.code]).toEqual([409, 'CALENDAR_RUNS']);
    await leaseStore.release('calendar', 'another machine');
    const { status, body } = await ask('operator');
    expect(status).toBe(202);
    expect(await ended(body.runId)).toMatchObject({ name: 'calendar', state: 'done', outcome: { did: [] } });
  });

  it('states what an institution is owed, to it and to the fund that owes it', async () => {
    const path = '/v1/windows/1/institution-statements';
    const { body } = await get(path);
    expect(body.statements).toHaveLength(1);
    const [statement] = body.statements as unknown as { itemsHash: string; settlements: number; owed: string }[];
    expect(statement).toMatchObject({ institutionId: 'H33042100001', treatmentRegion: '330421', settlements: 3 });
    for (const as of ['hospital', 'awayFund'] as const) expect((await get(path, as)).body).toEqual(body);
    for (const as of ['otherHospital', 'homeFund'] as const) expect((await get(path, as)).body.statements).toEqual([]);
    const { windowReader } = service.database;
    const hashes: string[] = [];
    for await (const { items } of windowReader.pages(1))
      hashes.push(...items.map((item) => itemHashOf(item.about, item)));
    expect(hash('sha256', hashes.join(''))).toBe(statement!.itemsHash);
  });

  it('shows every account at any instant, to an operator all books, to a fund and its clerks their own', async () => {
    const { body: all } = await get('/v1/ledger/trial-balance');
    expect(all.balance).toBe('0.00');
    expect(all.books.map(({ book, balance }) => [book, balance])).toEqual([
      ['320509', '0.00'],
      ['330421', '0.00'],
    ]);
    for (const as of ['homeFund', 'homeClerk'] as const) {
      const { body } = await get('/v1/ledger/trial-balance', as);
      expect(body.accounts).toEqual(all.accounts.filter(({ book }) => book === '320509'));
      expect((await get('/v1/ledger/trial-balance?book=330421', as)).status).toBe(404);
    }
    const before = await get('/v1/ledger/trial-balance?at=2026-11-24T09:59:59%2B08:00');
    expect(before.body.accounts).toEqual([]);
    const after = await get('/v1/ledger/trial-balance?at=2026-11-24T10:00:00%2B08:00');
    expect(after.body.accounts).toEqual(all.accounts);
    expect((await get('/v1/ledger/trial-balance?at=yesterday')).body.fields).toMatchObject([{ field: 'at' }]);
    expect((await get('/v1/ledger/trial-balance', 'hospital')).status).toBe(403);
  });

  it('traces every fen of an account to its bills, page by page', async () => {
    const path = '/v1/ledger/accounts/330421/payable?party=H33042100001&limit=2';
    const entries = [];
    let after = '';
    do {
      const { body } = await get(`${path}${after === '' ? '' : `&after=${after}`}`, 'awayClerk');
      expect(body.entries.length).toBeLessThanOrEqual(2);
      entries.push(...body.entries);
      after = body.nextAfter ?? '';
      const sum = entries.reduce((total, { amount }) => total + parseFen(amount)!, 0);
      if (after === '') expect(sum).toBe(parseFen(body.balance));
    } while (after !== '');
    expect(entries).toHaveLength(3);
    for (const { entryId, billNumber } of entries) {
      const { body } = await get(`/v1/settlements/${entryId}`, 'awayFund');
      expect(body.billNumber).toBe(billNumber);
    }
    expect((await get('/v1/ledger/accounts/330421/payable', 'homeClerk')).status).toBe(404);
    expect((await get('/v1/ledger/accounts/330421/payable?limit=0')).status).toBe(400);
  });
});
