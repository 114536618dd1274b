import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/http/routes.ts';
import { postedBill } from '../support/posted-bill.ts';
import { KEYS, startService, type Caller, type TestService } from '../support/service.ts';

describe('who may ask', () => {
  let service: TestService;
  let settlementId: string;

  beforeAll(async () => {
    service = await startService('sqlite');
    const { body } = await service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill() });
    settlementId = body.settlementId;
  });

  afterAll(() => service.stop());

  const callers: readonly Caller[] = ['hospital', 'homeFund', 'operator'];
  const table = ROUTES.flatMap((route) =>
    callers.map((caller) => [route.method.toUpperCase(), route.path, caller, route] as const),
  );

  it.each(table)('%s %s by %s', async (method, template, caller, route) => {
    const path = template.replaceAll(/:\w+/g, 'none');
    const { status, body } = await service.call(method, path, { as: caller, ...(method === 'POST' && { body: {} }) });
    const fitting = 'receive' in route ? [400, 404, 415] : [400, 404, 200];
    if (route.callers.includes(KEYS[caller].kind)) expect(fitting).toContain(status);
    else expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it.each(ROUTES.map((route) => [route.method.toUpperCase(), route.path] as const))(
    '%s %s asks for a key',
    async (method, template) => {
      const path = template.replaceAll(/:\w+/g, 'none');
      const body = method === 'POST' ? { body: {} } : {};
      const credentials = ['Bearer unknown-key', 'Basic aG9zcGl0YWw6', 'Bearer '].map((authorization) => ({
        authorization,
      }));
      for (const headers of [{}, ...credentials]) {
        const answer = await service.call(method, path, { ...body, headers });
        expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    },
  );

  it('shows a settlement to those it concerns and to nobody else', async () => {
    const seenBy = async (as: Caller, path: string) => (await service.call('GET', path, { as })).status;
    for (const path of [`/v1/settlements/${settlementId}`, `/v1/settlements/${settlementId}/statement`]) {
      expect(await seenBy('hospital', path)).toBe(200);
      expect(await seenBy('homeFund', path)).toBe(200);
      expect(await seenBy('awayFund', path)).toBe(200);
      expect(await seenBy('otherHospital', path)).toBe(404);
      expect(await seenBy('otherFund', path)).toBe(404);
    }
    const { body } = await service.call('GET', '/v1/settlements?billNumber=MZ-1', { as: 'otherHospital' });
    expect(body).toEqual({ settlements: [], reversals: [] });
    const reversal = await service.call('POST', `/v1/settlements/${settlementId}/reversal`, {
      as: 'otherHospital',
      body: { reason: 'not mine' },
    });
    expect(reversal.status).toBe(404);
  });

  it('shows a fund its own people', async () => {
    const seenBy = async (as: Caller) => (await service.call('GET', '/v1/persons/p1/accumulators', { as })).status;
    expect(await seenBy('homeFund')).toBe(200);
    expect(await seenBy('otherHospital')).toBe(200);
    expect(await seenBy('awayFund')).toBe(404);
    const { body } = await service.call('GET', '/v1/persons/p1/accumulators', { as: 'homeFund' });
    expect(body.buckets).toEqual([
      {
        bucket: '2026-01-01',
        accumulators: [
          { name: 'deducted', measure: 'deducted', value: '600.00' },
          { name: 'poolPaid', measure: 'paid', value: '320.00' },
        ],
      },
    ]);
  });
});
