import { afterAll, afterEach, beforeAll, expect, describe, it, vi } from 'vitest';
import type { RunningService } from '../../src/main.ts';
import { startFundServer } from '../../src/simulators/fund-server.ts';
import { postedBill } from '../support/posted-bill.ts';
import {
  prepareGround,
  startOn,
  startService,
  startWorkerOn,
  type Ground,
  type TestService,
} from '../support/service.ts';
import { AWAY, HOME } from '../support/service-rules.ts';

describe('partners and dead letters', () => {
  let service: TestService;
  let settlementId: string;

  beforeAll(async () => {
    service = await startService('sqlite');
    const { body } = await service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill() });
    settlementId = body.settlementId;
    const [message] = await service.database.outboxStore.due(HOME, 0, 9);
    const failure = { reason: 'PARTNER_REFUSED: E-7', atMs: 1, nextAttemptAtMs: 1, isStrike: true, isDead: true };
    await service.database.outboxStore.failed([message!], failure);
  });

  afterAll(() => service.stop());

  it('shows what waits for each fund, a county its own', async () => {
    const { body } = await service.call('GET', '/v1/partners', { as: 'operator' });
    expect(body.partners.map(({ region, outbox }) => [region, outbox.waiting, outbox.dead])).toEqual([
      [HOME, 1, 1],
      [AWAY, 0, 0],
      ['310118', 0, 0],
    ]);
    for (const as of ['homeFund', 'homeClerk'] as const) {
      const own = (await service.call('GET', '/v1/partners', { as })).body.partners;
      expect(own).toMatchObject([{ region: HOME, name: '吴江', outbox: { waiting: 1, failed: 0, dead: 1 } }]);
    }
    const { text } = await service.call('GET', '/metrics');
    expect(text).toContain(`tongjie_partner_outbox{partner="${HOME}",state="dead"} 1`);
  });

  it('shows dead letters to the county they are for', async () => {
    const listed = async (as: 'operator' | 'homeFund' | 'homeClerk' | 'awayFund', query = '') =>
      (await service.call('GET', `/v1/outbox/dead-letters${query}`, { as })).body.deadLetters;
    for (const as of ['operator', 'homeFund', 'homeClerk'] as const) {
      expect(await listed(as)).toMatchObject([
        { messageId: settlementId, region: HOME, topic: 'settlement', reason: 'PARTNER_REFUSED: E-7', holdsBack: 0 },
      ]);
    }
    expect(await listed('awayFund')).toEqual([]);
    expect(await listed('awayFund', `?region=${HOME}`)).toEqual([]);
    expect(await listed('operator', `?region=${AWAY}`)).toEqual([]);
    expect(await listed('operator', `?after=${settlementId}`)).toEqual([]);
  });

  it('lets a person of the county decide, once, with a reason', async () => {
    const path = `/v1/outbox/${settlementId}/resend`;
    const decide = (as: 'homeClerk' | 'awayClerk' | 'homeFund', body: object = { reason: 'corrected' }) =>
      service.call('POST', path, { as, body });
    expect((await decide('homeFund')).status).toBe(403);
    expect((await decide('awayClerk')).status).toBe(404);
    expect((await decide('homeClerk', { reason: ' ' })).body.fields).toMatchObject([{ field: 'reason' }]);
    expect(await decide('homeClerk')).toMatchObject({
      status: 200,
      body: { messageId: settlementId, action: 'resend' },
    });
    expect((await decide('homeClerk')).status).toBe(404);
    expect(await service.database.outboxStore.due(HOME, service.clock.now(), 9)).toHaveLength(1);
  });
});

describe('what a worker sees of a partner', () => {
  let ground: Ground;
  const running: Pick<RunningService, 'stop'>[] = [];

  beforeAll(async () => {
    ground = await prepareGround('mariadb');
  });

  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.stop();
  });

  afterAll(() => ground.remove());

  it('is shown by a process that serves: the breaker opens, and closes again when the fund is back', async () => {
    const fund = await startFundServer();
    running.push(fund);
    fund.setFaults({ errorRate: 1 });
    const service = await startOn(ground);
    running.push(service);
    const breakerOptions = { volumeThreshold: 2, errorThresholdPercentage: 50, windowMs: 60_000, resetMs: 3000 };
    running.push(await startWorkerOn(ground, service.clock, { fundUrls: new Map([[HOME, fund.url]]), breakerOptions }));
    for (const billNumber of ['P-1', 'P-2']) {
      const answer = await service.call('POST', '/v1/settlements', {
        as: 'hospital',
        body: postedBill({ billNumber }),
      });
      expect(answer.status).toBe(201);
    }
    const breaker = async () => {
      service.clock.nowMs += 1000;
      const { partners } = (await service.call('GET', '/v1/partners', { as: 'homeFund' })).body;
      return partners[0]?.operations.find(({ operation }) => operation === 'messages');
    };
    await vi.waitFor(async () => expect(await breaker()).toMatchObject({ breaker: 'open' }), { timeout: 15_000 });
    expect(await breaker()).toMatchObject({ operation: 'messages', lastError: { code: 'PARTNER_FAILED' } });
    expect((await service.call('GET', '/metrics')).text).toContain(
      `tongjie_partner_breaker{partner="${HOME}",operation="messages"} 2`,
    );
    fund.setFaults({});
    await vi.waitFor(async () => expect(await breaker()).toMatchObject({ breaker: 'closed' }), { timeout: 15_000 });
    await vi.waitFor(
      async () => {
        await breaker();
        expect(fund.state()).toMatchObject({ messages: { settlement: 2 }, outOfOrder: [] });
      },
      { timeout: 15_000 },
    );
  }, 40_000);
});
