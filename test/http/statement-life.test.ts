import { hash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFen } from '../../src/core/money/text.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import type * as lifecycle from '../../src/http/schemas/lifecycle.ts';
import {
  startService,
  type Answer as AnyAnswer,
  type Body,
  type Caller,
  type TestService,
} from '../support/service.ts';
import { unzip } from '../support/unzip.ts';

/** Members that answers about the life of a statement have, beside those of problems and of clearing. */
type LifeBody = Pick<Body, 'code' | 'fields' | 'settlementId' | 'windows'> &
  lifecycle.ProposalView &
  lifecycle.ProposalList &
  Omit<lifecycle.StatementLifeView, 'state'> &
  lifecycle.ObjectionList &
  lifecycle.PaymentRunView &
  lifecycle.PrefundList &
  lifecycle.PrefundRequestList &
  lifecycle.MonthlyNoticeList &
  lifecycle.LiquidationList &
  lifecycle.DeadlineList;

type Answer = Omit<AnyAnswer, 'body'> & { readonly body: LifeBody };

const HOME = '320509';
const AWAY = '330421';
const ID = `1-${HOME}-${AWAY}`;

describe.each(['sqlite', 'mariadb'] as const)('the life of a statement over HTTP on %s', (engine) => {
  let service: TestService;
  let bills: string[];

  const call = async (...sent: Parameters<TestService['call']>): Promise<Answer> =>
    (await service.call(...sent)) as unknown as Answer;
  const post = (path: string, as: Caller, body?: unknown): Promise<Answer> =>
    call('POST', path, { as, ...(body !== undefined && { body }) });
  const get = (path: string, as: Caller = 'operator'): Promise<Answer> => call('GET', path, { as });
  const codeOf = ({ status, body }: Answer) => [status, body.code];
  /** The first clerk of a county proposes, the second approves. */
  const both = async (path: string, county: 'home' | 'away', body?: unknown): Promise<Answer> => {
    const [maker, checker] =
      county === 'home' ? (['homeClerk', 'otherHomeClerk'] as const) : (['awayClerk', 'otherAwayClerk'] as const);
    const made = await post(path, maker, body);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    return post(`/v1/proposals/${made.body.proposalId}/approval`, checker);
  };

  beforeAll(async () => {
    service = await startService(engine);
    bills = [];
    for (const personId of ['p1', 'p2']) {
      const { body } = await post(
        '/v1/settlements',
        'hospital',
        postedBill({ personId, total: '2000.00', lines: [postedLine('2000.00')] }),
      );
      bills.push(body.settlementId);
    }
    await post('/v1/clearing-runs', 'operator', { businessDate: '2026-11-24' });
  });

  afterAll(() => service.stop());

  it('shows where a statement is to its two counties and to nobody else', async () => {
    const { body } = await get(`/v1/statements/${ID}/life`, 'homeClerk');
    expect(body).toMatchObject({ state: 'issued', disputed: '0.00', payable: body.owed, businessDate: '2026-11-24' });
    expect(body.deadlines).toEqual([
      { step: 'confirm', desk: HOME, due: '2026-12-25' },
      { step: 'confirm', desk: AWAY, due: '2026-12-25' },
    ]);
    expect((await get(`/v1/statements/${ID}/life`, 'awayFund')).status).toBe(200);
    expect((await get(`/v1/statements/${ID}/life`, 'otherFund')).status).toBe(404);
    expect((await get(`/v1/statements/${ID}/life`, 'hospital')).status).toBe(403);
    expect((await get('/v1/statements/none/life')).status).toBe(404);
  });

  it('lets only persons propose, of the right side, with everything that a proposal needs', async () => {
    const path = `/v1/statements/${ID}/confirmation`;
    expect((await post(path, 'homeFund', { payable: '1.00' })).status).toBe(403);
    expect((await post(path, 'operator', { payable: '1.00' })).status).toBe(403);
    expect((await post(path, 'homeClerk', { payable: '1' })).body.fields).toEqual([
      { field: 'payable', problem: 'is not an amount with two places' },
    ]);
    expect(codeOf(await post(path, 'homeClerk', { payable: '1.00' }))).toEqual([409, 'STATEMENT_CHANGED']);
    expect(codeOf(await post('/v1/statements/none/confirmation', 'homeClerk', { payable: '1.00' }))).toEqual([
      404,
      'NOT_FOUND',
    ]);
    const items = [{ settlementId: bills[0], reason: 'amount', words: 'too dear' }];
    const objections = `/v1/statements/${ID}/objections`;
    expect(codeOf(await post(objections, 'awayClerk', { items }))).toEqual([403, 'OTHER_SIDE']);
    expect((await post(objections, 'homeClerk', { items: [...items, ...items] })).body.fields).toEqual([
      { field: 'items', problem: 'names an item twice' },
    ]);
    const nonsense = [{ settlementId: 'x', reason: 'mood', words: '' }];
    expect((await post(objections, 'homeClerk', { items: nonsense })).body.fields.map(({ field }) => field)).toEqual([
      'items[0].reason',
      'items[0].words',
    ]);
    expect((await get('/v1/proposals', 'homeClerk')).body.proposals).toEqual([]);
  });

  it('takes an objection through answer and decision, while the rest is confirmed', async () => {
    const items = [{ settlementId: bills[0], reason: 'amount', words: 'too dear' }];
    const made = await post(`/v1/statements/${ID}/objections`, 'homeClerk', { items });
    expect(made.body).toMatchObject({ act: 'object', desk: HOME, state: 'open', madeBy: 'wang', content: { items } });
    const proposal = `/v1/proposals/${made.body.proposalId}`;
    expect((await get(proposal, 'otherHomeClerk')).body).toEqual(made.body);
    expect((await get(proposal, 'awayClerk')).status).toBe(404);
    expect(codeOf(await post(`${proposal}/approval`, 'homeClerk'))).toEqual([403, 'SAME_PERSON']);
    expect(codeOf(await post(`${proposal}/approval`, 'awayClerk'))).toEqual([404, 'NOT_FOUND']);
    expect((await post(`${proposal}/approval`, 'homeFund')).status).toBe(403);
    const [one, other] = await Promise.all([1, 2].map(() => post(`${proposal}/approval`, 'otherHomeClerk')));
    expect([one!.status, other!.status]).toEqual([200, 200]);
    expect(one!.body).toEqual(other!.body);
    expect((await post(`/v1/statements/${ID}/objections`, 'homeClerk', { items })).status).toBe(200);

    const { body } = await get('/v1/objections', 'awayFund');
    expect(body.objections).toMatchObject([{ settlementId: bills[0], state: 'open', held: true, mediation: false }]);
    expect((await get('/v1/objections', 'otherFund')).body.objections).toEqual([]);
    const { objectionId, objected } = body.objections[0]!;
    const path = `/v1/objections/${objectionId}`;
    expect((await get(path, 'otherFund')).status).toBe(404);

    const life = (await get(`/v1/statements/${ID}/life`)).body;
    expect(life).toMatchObject({ disputed: objected, objections: body.objections });
    expect(parseFen(life.payable)).toBe(parseFen(life.owed)! - parseFen(objected)!);
    for (const county of ['home', 'away'] as const) {
      const { body: done } = await both(`/v1/statements/${ID}/confirmation`, county, { payable: life.payable });
      expect(done).toMatchObject({ state: 'approved', content: { payable: life.payable } });
    }
    expect((await get('/v1/windows')).body.windows.at(-1)).toMatchObject({ windowId: 1, state: 'confirmed' });

    const decision = { outcome: 'inPart', amount: '1.00', words: 'half of it' };
    expect(codeOf(await post(`${path}/decision`, 'homeClerk', decision))).toEqual([409, 'NOT_ANSWERED']);
    await both(`${path}/answer`, 'away', { accepted: false, words: 'it is right' });
    expect((await get(path)).body).toMatchObject({ state: 'answered', mediation: true });
    expect(codeOf(await post(`${path}/decision`, 'operator', decision))).toEqual([404, 'NOT_FOUND']);
    expect(codeOf(await post(`${path}/decision`, 'awayClerk', decision))).toEqual([403, 'OTHER_SIDE']);
    expect(codeOf(await post(`${path}/decision`, 'homeClerk', { ...decision, outcome: 'upheld' }))).toEqual([
      409,
      'BAD_AMOUNT',
    ]);
    await both(`${path}/decision`, 'home', decision);
    expect((await get(path)).body).toMatchObject({
      state: 'decided',
      outcome: 'inPart',
      deducted: '1.00',
      decidedWindowId: 2,
    });
    expect((await get('/v1/objections')).body.objections).toEqual([]);
  });

  it('sends a proposal back with a reason', async () => {
    const made = await post(`/v1/statements/${ID}/withdrawal`, 'homeClerk', { words: 'on second thoughts' });
    const path = `/v1/proposals/${made.body.proposalId}`;
    const back = await post(`${path}/sending-back`, 'otherHomeClerk', { reason: 'no need' });
    expect(back.body).toMatchObject({ state: 'sentBack', reason: 'no need', checkedBy: 'li' });
    expect(codeOf(await post(`${path}/approval`, 'otherHomeClerk'))).toEqual([409, 'SENT_BACK']);
    const waiting = (await get('/v1/proposals?state=open', 'homeClerk')).body.proposals;
    expect(waiting).toEqual([]);
    expect((await get('/v1/proposals', 'awayClerk')).body.proposals.every(({ desk }) => desk === AWAY)).toBe(true);
  });

  describe('as a file', () => {
    const file = (id: string, format: string, as: Caller = 'homeClerk') =>
      get(`/v1/statements/${id}/file?format=${format}`, as);

    it('proves its own total, as CSV', async () => {
      const { text, headers } = await file(ID, 'csv');
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
      expect(headers.get('content-disposition')).toBe(
        `attachment; filename="statement-${ID}.csv"; filename*=UTF-8''statement-${ID}.csv`,
      );
      expect(text.charCodeAt(0)).toBe('k'.charCodeAt(0));
      const [head, ...lines] = text
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','));
      const rows = lines.map((line) => Object.fromEntries(line.map((cell, at) => [head![at]!, cell])));
      const items = rows.filter(({ kind }) => kind === 'item');
      expect(items.map(({ id }) => id)).toEqual(bills);
      for (const row of items) {
        const names = [
          'id',
          'institutionId',
          'billNumber',
          'scheme',
          'benefit',
          'reverses',
          'total',
          'fundTotal',
          'account',
          'owed',
        ];
        expect(hash('sha256', names.map((name) => row[name]).join('|'))).toBe(row['hash']);
      }
      const total = rows.at(-1)!;
      const { body } = await get(`/v1/statements/${ID}/life`);
      expect(total).toMatchObject({ kind: 'total', id: ID, owed: body.owed, hash: body.itemsHash });
      expect(hash('sha256', items.map((row) => row['hash']).join(''))).toBe(total['hash']);
      expect(items.reduce((sum, { owed }) => sum + parseFen(owed!)!, 0)).toBe(parseFen(body.owed));
    });

    it('says the same as JSON', async () => {
      const { body } = await file(ID, 'json', 'awayFund');
      const rows = (body as unknown as { rows: { kind: string; id: string }[] }).rows;
      expect(rows.map(({ kind }) => kind)).toEqual(['item', 'item', 'total']);
    });

    it('shows what came from earlier windows', async () => {
      service.clock.nowMs += 24 * 60 * 60 * 1000;
      await post('/v1/clearing-runs', 'operator', { businessDate: '2026-11-25' });
      const id = `2-${HOME}-${AWAY}`;
      const { text } = await file(id, 'csv');
      expect(text).toContain('carried,');
      expect(text).toMatch(/deduction,\w+,H33042100001,,employee,,,pool,,,,-1\.00,/);
      const { body } = await get(`/v1/statements/${id}/life`);
      expect(body.adjustments.map(({ kind, amount }) => [kind, amount])).toEqual([
        ['carried', expect.any(String)],
        ['deduction', '-1.00'],
      ]);
      const sum = body.adjustments.reduce((all, { amount }) => all + parseFen(amount)!, 0);
      expect(sum).toBe(parseFen(body.owed));
    });

    it('says the same as a workbook', async () => {
      const response = await fetch(`${service.url}/v1/statements/${ID}/file?format=xlsx`, {
        headers: { authorization: 'Bearer homeClerk' },
      });
      const parts = unzip(Buffer.from(await response.arrayBuffer()), inflateRawSync);
      expect([...parts.keys()].sort()).toEqual([
        '[Content_Types].xml',
        '_rels/.rels',
        'xl/_rels/workbook.xml.rels',
        'xl/styles.xml',
        'xl/workbook.xml',
        'xl/worksheets/sheet1.xml',
      ]);
      const sheet = parts.get('xl/worksheets/sheet1.xml')!;
      for (const id of bills) expect(sheet).toContain(`<t>${id}</t>`);
      expect(sheet.match(/<row>/g)).toHaveLength(4);
      expect(sheet).toContain('<c s="1"><v>2000.00</v></c>');
    });

    it('of an institution is for itself and its county', async () => {
      const path = (id: string) => `/v1/windows/1/institutions/${id}/file?format=csv`;
      const { text, status } = await get(path('H33042100001'), 'hospital');
      expect(status).toBe(200);
      expect(text.trimEnd().split('\r\n')).toHaveLength(4);
      expect((await get(path('H33042100001'), 'awayClerk')).text).toBe(text);
      expect((await get(path('H33042100001'), 'homeClerk')).status).toBe(404);
      expect((await get(path('H33042100001'), 'otherHospital')).status).toBe(404);
      expect((await get(path('H00000000000'))).status).toBe(404);
      expect((await get('/v1/windows/99/institutions/H33042100001/file?format=csv')).status).toBe(404);
      expect(codeOf(await get('/v1/windows/3/institutions/H33042100001/file?format=csv'))).toEqual([
        409,
        'WINDOW_NOT_ISSUED',
      ]);
    });

    it('is refused to strangers and in other formats', async () => {
      expect((await file(ID, 'csv', 'otherFund')).status).toBe(404);
      expect((await file(ID, 'pdf')).body.fields).toEqual([
        { field: 'format', problem: 'is not one of json, csv, xlsx' },
      ]);
      expect((await file('none', 'csv')).status).toBe(404);
    });
  });

  it('lists what is overdue, and confirms nothing by silence', async () => {
    service.clock.nowMs = Date.parse('2026-12-26T10:00:00+08:00');
    const { body } = await get('/v1/deadlines?overdue=true', 'homeClerk');
    expect(body).toMatchObject({ today: '2026-12-26' });
    expect(body.deadlines).toEqual([
      {
        subject: { kind: 'statement', id: `2-${HOME}-${AWAY}` },
        step: 'confirm',
        desk: HOME,
        due: '2026-12-25',
        overdue: true,
        mediation: false,
      },
    ]);
    expect((await get('/v1/deadlines', 'otherFund')).body.deadlines).toEqual([]);
    expect((await get(`/v1/statements/2-${HOME}-${AWAY}/life`)).body.state).toBe('issued');
  });

  it('makes the notices of a month once', async () => {
    expect((await post('/v1/monthly-notices', 'homeFund', { month: '2026-11' })).status).toBe(403);
    expect((await post('/v1/monthly-notices', 'operator', { month: '2026-13' })).status).toBe(400);
    expect(codeOf(await post('/v1/monthly-notices', 'operator', { month: '2026-12' }))).toEqual([409, 'TOO_EARLY']);
    expect(codeOf(await post('/v1/monthly-notices', 'operator', { month: '2026-11' }))).toEqual([409, 'NOT_ISSUED']);
    await post('/v1/clearing-runs', 'operator', { businessDate: '2026-12-25' });
    const { body } = await post('/v1/monthly-notices', 'operator', { month: '2026-11' });
    const [first, second] = await Promise.all(
      [1, 2].map(async (window) => (await get(`/v1/statements/${window}-${HOME}-${AWAY}/life`)).body),
    );
    expect(body.notices).toMatchObject([
      { homeRegion: HOME, treatmentRegion: AWAY, statements: 2, settlements: 2, deducted: '-1.00', lateItems: 0 },
    ]);
    expect(parseFen(body.notices[0]!.owed)).toBe(parseFen(first!.owed)! + parseFen(second!.owed)!);
    const lines = [first!, second!].map(({ statementId, itemsHash, owed }) => `${statementId}|${itemsHash}|${owed}\n`);
    expect(hash('sha256', lines.join(''))).toBe(body.notices[0]!.statementsHash);
    expect((await post('/v1/monthly-notices', 'operator', { month: '2026-11' })).body).toEqual(body);
    expect((await get('/v1/monthly-notices/2026-11', 'homeFund')).body).toEqual(body);
    expect((await get('/v1/monthly-notices/2026-11', 'otherFund')).body.notices).toEqual([]);
    expect((await get('/v1/monthly-notices/november')).status).toBe(404);
  });

  it('pays a month: instructed, sent, paid, each by two people', async () => {
    expect(codeOf(await post('/v1/payment-runs', 'operator', { month: '2026-11' }))).toEqual([409, 'TOO_EARLY']);
    expect((await get('/v1/payment-runs/2026-11')).status).toBe(404);
    service.clock.nowMs = Date.parse('2026-12-31T10:00:00+08:00');
    const { body: run } = await post('/v1/payment-runs', 'operator', { month: '2026-11' });
    expect(run).toMatchObject({ runId: '2026-11', statements: 1, instructedBy: 'night@operator' });
    expect((await post('/v1/payment-runs', 'operator', { month: '2026-11' })).body).toEqual(run);
    expect((await post('/v1/payment-runs', 'homeClerk', { month: '2026-11' })).status).toBe(403);
    const [payment] = run.payments;
    expect(payment).toMatchObject({ payer: HOME, payee: AWAY, state: 'instructed', due: '2027-01-21' });
    expect((await get('/v1/payment-runs/2026-11', 'otherFund')).body.payments).toEqual([]);

    const csv = await get('/v1/payment-runs/2026-11/instructions?format=csv', 'homeClerk');
    expect(csv.text.split('\r\n')[1]).toContain(
      `2026-11-${HOME}-${AWAY},${HOME},吴江,${AWAY},嘉善,${payment!.amount},CNY,`,
    );
    const json = await get('/v1/payment-runs/2026-11/instructions?format=json', 'awayFund');
    const annex = json.body as unknown as {
      instructions: { payeeItemsHash: string }[];
      statements: { statementId: string; itemsHash: string; payable: string }[];
    };
    const lines = annex.statements.map(
      ({ statementId, itemsHash, payable }) => `${statementId}|${itemsHash}|${payable}\n`,
    );
    expect(hash('sha256', lines.join(''))).toBe(annex.instructions[0]!.payeeItemsHash);
    expect(annex.statements[0]!.payable).toBe(payment!.amount);
    expect(
      (await get('/v1/payment-runs/2026-11/instructions?format=csv', 'otherFund')).text.trimEnd().split('\r\n'),
    ).toHaveLength(1);
    expect((await get('/v1/payment-runs/none/instructions?format=csv')).status).toBe(404);

    const path = `/v1/payments/${payment!.paymentId}`;
    const back = { amount: payment!.amount, bank: '农业银行', reference: 'ABC-1', valueDate: '2026-12-31' };
    expect(codeOf(await post(`${path}/return`, 'homeClerk', back))).toEqual([409, 'NOT_SENT']);
    expect(codeOf(await post(`${path}/dispatch`, 'awayClerk'))).toEqual([403, 'OTHER_SIDE']);
    expect(codeOf(await post('/v1/payments/2026-11-a-b/dispatch', 'homeClerk'))).toEqual([404, 'NOT_FOUND']);
    await both(`${path}/dispatch`, 'home');
    expect(codeOf(await post(`${path}/return`, 'homeClerk', { ...back, amount: '1.00' }))).toEqual([
      409,
      'PARTIAL_RETURN',
    ]);
    expect(
      (await post(`${path}/return`, 'homeClerk', { ...back, amount: '0.00', reference: '无' })).body.fields,
    ).toEqual([{ field: 'reference', problem: 'has characters other than printable ASCII' }]);
    await both(`${path}/return`, 'home', back);
    const again = await post(`${path}/return`, 'homeClerk', back);
    expect([again.status, again.body.state]).toEqual([200, 'approved']);
    expect((await get('/v1/payment-runs/2026-11', 'awayClerk')).body.payments).toMatchObject([
      { state: 'paid', bank: '农业银行', reference: 'ABC-1', valueDate: '2026-12-31' },
    ]);
    expect((await get(`/v1/statements/${ID}/life`)).body.state).toBe('paid');
  });

  it('tops a prefund up and says when it is yellow or red', async () => {
    const path = `/v1/prefunds/${HOME}/${AWAY}/requests`;
    const usage = async () => (await get('/v1/prefunds?month=2026-11', 'awayFund')).body;
    expect(await usage()).toMatchObject({
      yellowFrom: '70.00',
      redFrom: '90.00',
      prefunds: [{ level: 'red', balance: '0.00' }],
    });
    expect((await get('/v1/prefunds?month=2026-11', 'otherFund')).body.prefunds).toEqual([]);
    const { topUp, cleared } = (await usage()).prefunds[0]!;
    expect(codeOf(await post(path, 'homeClerk', { amount: topUp, words: 'red' }))).toEqual([403, 'OTHER_SIDE']);
    expect(
      codeOf(await post(`/v1/prefunds/${HOME}/999999/requests`, 'homeClerk', { amount: topUp, words: 'red' })),
    ).toEqual([404, 'NOT_FOUND']);
    expect((await post(path, 'awayClerk', { amount: '-5.00', words: 'red' })).body.fields).toEqual([
      { field: 'amount', problem: 'is not more than 0.00' },
    ]);
    await both(path, 'away', { amount: topUp, words: 'red' });
    const { requests } = (await get('/v1/prefund-requests', 'homeFund')).body;
    expect(requests).toMatchObject([{ kind: 'urgent', amount: topUp, state: 'requested' }]);
    expect((await get('/v1/prefund-requests', 'otherFund')).body.requests).toEqual([]);
    const request = `/v1/prefund-requests/${requests[0]!.requestId}`;
    const back = { amount: topUp, bank: 'ICBC', reference: 'P-1', valueDate: '2026-12-31' };
    expect(codeOf(await post(`${request}/payment`, 'homeClerk', back))).toEqual([409, 'NOT_REVIEWED']);
    await both(`${request}/review`, 'home', { granted: topUp, words: 'yes' });
    await both(`${request}/payment`, 'home', back);
    const [prefund] = (await usage()).prefunds;
    expect(prefund).toMatchObject({ balance: topUp, cleared, level: 'green', usage: '69.99' });
    const { text } = await service.call('GET', '/metrics');
    expect(text).toContain(`tongjie_prefund_balance_fen{home="${HOME}",treatment="${AWAY}"} ${parseFen(topUp)}`);
  });

  it('liquidates a year and resizes prefunds for the next one', async () => {
    expect(codeOf(await post('/v1/prefund-resizings', 'operator', { year: 2027 }))).toEqual([409, 'TOO_EARLY']);
    service.clock.nowMs = Date.parse('2027-01-05T10:00:00+08:00');
    expect(codeOf(await post('/v1/yearly-liquidations', 'operator', { year: 2026 }))).toEqual([409, 'NOT_ISSUED']);
    await post('/v1/clearing-runs', 'operator', { businessDate: '2027-01-04' });
    expect(codeOf(await post('/v1/yearly-liquidations', 'operator', { year: 2026 }))).toEqual([409, 'TOO_EARLY']);
    const resizingSince = async () => (await get('/v1/prefunds', 'awayFund')).body.prefunds[0]?.resizingSince;
    const dueSteps = async () => (await service.call('GET', '/v1/jobs', { as: 'operator' })).body.jobs[1]?.steps ?? [];
    expect(await resizingSince()).toBe('2027-01-01');
    const pairs = [{ homeRegion: HOME, treatmentRegion: AWAY }];
    expect(await dueSteps()).toContainEqual({ step: 'resizing', year: 2027, since: '2027-01-01', pairs });
    const { body: resized } = await post('/v1/prefund-resizings', 'operator', { year: 2027 });
    expect(await resizingSince()).toBeUndefined();
    expect((await dueSteps()).map(({ step }) => step)).not.toContain('resizing');
    expect(resized.requests).toMatchObject([
      { kind: 'yearly', homeRegion: HOME, treatmentRegion: AWAY, state: 'requested' },
    ]);
    expect((await post('/v1/prefund-resizings', 'operator', { year: 2027 })).body.requests).toEqual([]);
    service.clock.nowMs = Date.parse('2027-03-31T10:00:00+08:00');
    const { body } = await post('/v1/yearly-liquidations', 'operator', { year: 2026 });
    expect(body.liquidations).toMatchObject([
      { homeRegion: HOME, treatmentRegion: AWAY, statements: 2, deducted: '-1.00' },
    ]);
    expect((await get('/v1/yearly-liquidations/2026', 'awayFund')).body).toEqual(body);
    expect((await get('/v1/yearly-liquidations/2026', 'otherFund')).body.liquidations).toEqual([]);
    expect((await get('/v1/yearly-liquidations/last')).status).toBe(404);
    expect((await post('/v1/yearly-liquidations', 'operator', { year: 2026 })).body).toEqual(body);
  });
});
