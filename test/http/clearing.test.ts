import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFen } from '../../src/core/money/text.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { startService, type Body, type Caller, type TestService } from '../support/service.ts';

type Item = Body['items'][number];

describe.each(['sqlite', 'mariadb'] as const)('clearing over HTTP on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
    const settle = (as: Caller, changes: Parameters<typeof postedBill>[0]) =>
      service.call('POST', '/v1/settlements', { as, body: postedBill(changes) });
    // Wujiang's people in Jiashan and in Qingpu; one bill there and back again; one of Jiashan at home.
    await settle('hospital', { personId: 'p1' });
    await settle('hospital', { personId: 'p2', total: '2000.00', lines: [postedLine('2000.00')] });
    await settle('otherHospital', { personId: 'poor', institutionId: 'H31011800001' });
    const { body } = await settle('hospital', { personId: 'unregistered' });
    await service.call('POST', `/v1/settlements/${body.settlementId}/reversal`, {
      as: 'hospital',
      body: { reason: 'entered twice' },
    });
    await settle('hospital', { personId: 'local' });
  });

  afterAll(() => service.stop());

  const get = (path: string, as: Caller = 'operator') => service.call('GET', path, { as });
  const run = (businessDate: string) =>
    service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate } });

  it('counts what was settled less what was reversed', async () => {
    const { body } = await get('/v1/totals');
    expect(body).toEqual({
      settlements: 5,
      reversals: 1,
      total: '5000.00',
      fundTotal: '2120.00',
      account: '2880.00',
      cash: '0.00',
    });
  });

  it('shows an open window, which has no positions yet', async () => {
    const { body } = await get('/v1/windows');
    expect(body.windows).toEqual([
      { windowId: 1, businessDate: '2026-11-24', state: 'open', openedAt: '2026-11-24T10:00:00.000+08:00' },
    ]);
    for (const what of ['net-positions', 'statements']) {
      const { status, body: problem } = await get(`/v1/windows/1/${what}`);
      expect([status, problem.code]).toEqual([409, 'WINDOW_NOT_ISSUED']);
      expect((await get(`/v1/windows/99/${what}`)).status).toBe(404);
      expect((await get(`/v1/windows/1e0/${what}`)).status).toBe(404);
    }
  });

  it('refuses days to come and days that are none', async () => {
    expect((await run('2026-11-25')).body.fields).toEqual([{ field: 'businessDate', problem: 'lies in the future' }]);
    expect((await run('2026-11-31')).body.fields).toEqual([
      { field: 'businessDate', problem: 'is not a day that exists' },
    ]);
    expect((await get('/v1/windows')).body.windows).toHaveLength(1);
  });

  it('clears, and clearing again changes nothing', async () => {
    const { status, body } = await run('2026-11-24');
    expect(status).toBe(200);
    expect(body.cleared).toMatchObject([{ windowId: 1, businessDate: '2026-11-24', state: 'issued' }]);
    expect((await run('2026-11-24')).body).toEqual({ cleared: [] });
    const { body: list } = await get('/v1/windows?limit=1');
    expect(list.windows).toMatchObject([{ windowId: 2, businessDate: '2026-11-25', state: 'open' }]);
  });

  it('nets: what some get, others pay', async () => {
    const { body } = await get('/v1/windows/1/net-positions');
    expect(body.positions).toEqual([
      { region: '310118', receivable: '1000.00', payable: '0.00', net: '1000.00' },
      { region: '320509', receivable: '0.00', payable: '4000.00', net: '-4000.00' },
      { region: '330421', receivable: '3000.00', payable: '0.00', net: '3000.00' },
    ]);
    expect(body.transfers).toEqual([
      { payer: '320509', payee: '330421', amount: '3000.00' },
      { payer: '320509', payee: '310118', amount: '1000.00' },
    ]);
    const { body: own } = await get('/v1/windows/1/net-positions', 'awayFund');
    expect(own.positions).toEqual([body.positions[2]]);
    expect(own.bilateral).toEqual(body.bilateral.filter(({ payee }) => payee === '330421'));
    expect(own.transfers).toEqual(body.transfers.filter(({ payee }) => payee === '330421'));
  });

  it('states each pair, so that either side can prove its sum', async () => {
    const { body } = await get('/v1/windows/1/statements');
    expect(body.statements.map(({ homeRegion, treatmentRegion }) => `${homeRegion} ${treatmentRegion}`)).toEqual([
      '320509 310118',
      '320509 330421',
    ]);
    const seen = async (as: Caller) => (await get('/v1/windows/1/statements', as)).body.statements.length;
    expect([await seen('homeFund'), await seen('awayFund'), await seen('otherFund')]).toEqual([2, 1, 1]);
    // A county's clerks see what they are to confirm.
    expect([await seen('homeClerk'), await seen('awayClerk'), await seen('strangeClerk')]).toEqual([2, 1, 1]);

    const [, toJiashan] = body.statements;
    const path = `/v1/statements/${toJiashan!.statementId}`;
    expect((await get(path, 'otherFund')).status).toBe(404);
    expect((await get('/v1/statements/none')).status).toBe(404);
    const { body: whole } = await get(path, 'awayFund');
    expect(whole).toMatchObject(toJiashan!);
    expect(whole.items).toHaveLength(4);

    const items: Item[] = [];
    let after = '';
    do {
      const { body: page } = await get(`${path}?limit=3${after === '' ? '' : `&after=${after}`}`, 'homeFund');
      items.push(...page.items);
      after = page.nextAfter ?? '';
    } while (after !== '');
    expect(items).toEqual(whole.items);

    const hashes = items.map(({ itemHash, reverses = '', ...item }) => {
      const { settlementId, institutionId, billNumber, scheme, kind, total, fundTotal, account, owed } = item;
      const values = [settlementId, institutionId, billNumber, scheme, kind, reverses, total, fundTotal, account, owed];
      expect(hash('sha256', values.join('|'))).toBe(itemHash);
      return itemHash;
    });
    expect(hash('sha256', hashes.join(''))).toBe(toJiashan!.itemsHash);
    const fenOf = (amounts: readonly string[]) => amounts.reduce((sum, amount) => sum + parseFen(amount)!, 0);
    const owed = fenOf(items.map((item) => item.owed));
    expect(owed).toBe(parseFen(toJiashan!.owed));
    expect(fenOf(whole.gross.map(({ amount }) => amount))).toBe(owed);
  });
});
