import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { startService, type Sent, type TestService } from '../support/service.ts';

const line = (changes: object) => ({ lines: [{ ...postedLine('1000.00'), ...changes }] });

/** What is wrong, how it is sent, and every field that must be named. */
const BAD_BILLS: readonly [what: string, changes: object, fields: readonly string[]][] = [
  ['a sum that is not the lines’', { total: '1000.01' }, ['total']],
  ['money as a number', { total: 1000 }, ['total']],
  ['money of three places', { total: '1000.000' }, ['total']],
  ['a negative price', line({ price: '-1000' }), ['lines[0].price']],
  ['quantity × price off by two cents', line({ price: '999.98' }), ['lines[0].amount']],
  [
    'a negative amount that refunds nothing',
    line({ quantity: '-1', amount: '-1000.00' }),
    ['lines[0].quantity', 'lines[0].amount'],
  ],
  ['a refund of no line', line({ refundOf: 7 }), ['lines[0].refundOf']],
  [
    'a refund of more than was billed',
    { total: '-1.00', lines: [postedLine('1.00'), postedLine('-2.00', { quantity: '-2', price: '1', refundOf: 1 })] },
    ['lines[1].quantity', 'lines[1].amount'],
  ],
  ['a day in the future', { visitDate: '2026-11-25' }, ['visitDate']],
  ['a day that does not exist', { visitDate: '2026-02-30' }, ['visitDate']],
  ['a day before birth', { visitDate: '1961-05-05' }, ['visitDate']],
  ['a day in another form', { visitDate: '24/11/2026' }, ['visitDate']],
  ['a fee after the visit', { visitDate: '2026-11-23', ...line({ feeDate: '2026-11-24' }) }, ['lines[0].feeDate']],
  [
    'discharge before admission',
    { kind: 'inpatient', admissionDate: '2026-11-24', visitDate: '2026-11-23' },
    ['admissionDate', 'lines[0].feeDate'],
  ],
  ['a stay without admission', { kind: 'inpatient' }, ['admissionDate']],
  ['a special disease without its code', { kind: 'specialDisease' }, ['disease']],
  ['an item code of 10,000 characters', line({ code: 'A'.repeat(10_000) }), ['lines[0].code']],
  ['a bill number with a quote', { billNumber: "1' OR '1'='1" }, ['billNumber']],
  ['no lines', { lines: [] }, ['lines']],
  ['1001 lines', { lines: Array<object>(1001).fill(postedLine('1.00')) }, ['lines']],
  ['a kind that there is not', { kind: 'dental' }, ['kind']],
  ['fields nobody knows', { totl: '1', ...line({ prise: '1' }) }, ['totl', 'lines[0].prise']],
  ['missing fields', { personId: undefined, ...line({ name: undefined }) }, ['personId', 'lines[0].name']],
  [
    'shape and sense at once',
    {
      billNumber: '',
      visitDate: '2026-12-24',
      total: '5.00',
      lines: [
        { ...postedLine('1.00'), price: 'one' },
        { ...postedLine('2.00'), feeDate: '2026-02-31' },
        { ...postedLine('3.00'), price: '4' },
        { ...postedLine('-1.00'), quantity: '-1', price: '1', refundOf: 1 },
      ],
    },
    ['billNumber', 'visitDate', 'lines[0].price', 'lines[1].feeDate', 'lines[2].amount'],
  ],
];

describe.each(['sqlite', 'mariadb'] as const)('bad input on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
  });

  afterAll(() => service.stop());

  const NOTHING = { settlements: 0, reversals: 0, messages: 0 };

  it.each(BAD_BILLS)('names every bad field and changes nothing: %s', async (_what, changes, fields) => {
    const { status, body } = await service.call('POST', '/v1/settlements', {
      as: 'hospital',
      body: { ...postedBill(), ...changes },
    });
    expect([status, body.code]).toEqual([400, 'INVALID_INPUT']);
    expect(body.fields.map(({ field }) => field).sort()).toEqual([...fields].sort());
    expect(await service.counts()).toEqual(NOTHING);
  });

  const raw = (body: string): Sent => ({ as: 'hospital', body });

  it.each<[string, Sent, number, string, object?]>([
    [
      'JSON that ends early',
      raw('{"institutionId": "H33042100001",\n "lines": ['),
      400,
      'MALFORMED_JSON',
      { line: 2, column: 12 },
    ],
    ['JSON with a stray comma', raw('{"total": "1.00",}'), 400, 'MALFORMED_JSON', { line: 1, column: 18 }],
    ['no JSON at all', raw('沈小芬 310118196105060000'), 400, 'MALFORMED_JSON', { line: 1, column: 1 }],
    ['an empty body', raw(''), 400, 'MALFORMED_JSON'],
    ['a list', raw('[]'), 400, 'INVALID_INPUT'],
    ['null', raw('null'), 400, 'INVALID_INPUT'],
    [
      'another content type',
      { ...raw('{}'), headers: { 'content-type': 'text/plain' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'another charset',
      { ...raw('{}'), headers: { 'content-type': 'application/json; charset=gbk' } },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a compressed body', { ...raw('{}'), headers: { 'content-encoding': 'gzip' } }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['two megabytes and one', raw(' '.repeat(2 * 1024 * 1024 + 1)), 413, 'BODY_TOO_LARGE'],
    ['another institution’s bill', { as: 'otherHospital', body: postedBill() }, 403, 'WRONG_INSTITUTION'],
    [
      'a key whose institution is gone',
      { as: 'closedHospital', body: postedBill({ institutionId: 'H33042199999' }) },
      403,
      'UNKNOWN_INSTITUTION',
    ],
  ])('refuses %s', async (_what, sent, status, code, members = {}) => {
    const answer = await service.call('POST', '/v1/settlements', sent);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body).toMatchObject(members);
    expect(JSON.stringify(answer.body)).not.toMatch(/沈|310118/);
    expect(await service.counts()).toEqual(NOTHING);
  });

  it('refuses a body that is not UTF-8', async () => {
    const response = await fetch(`${service.url}/v1/settlements`, {
      method: 'POST',
      headers: { authorization: 'Bearer hospital', 'content-type': 'application/json' },
      body: new Uint8Array([0x7b, 0x22, 0xc9, 0xf2, 0x22, 0x7d]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'MALFORMED_JSON', detail: 'the body is not UTF-8' });
  });

  it('stops reading a body that grows past the limit without saying so', async () => {
    const { port } = new URL(service.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /v1/settlements HTTP/1.1\r\nhost: x\r\nauthorization: Bearer hospital\r\n');
    socket.write('content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    for (let sent = 0; sent < 40; sent++) socket.write(chunk);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('refuses bad queries, paths and methods', async () => {
    const get = (path: string) => service.call('GET', path, { as: 'hospital' });
    expect((await get('/v1/settlements')).body.fields).toEqual([{ field: 'billNumber', problem: 'is missing' }]);
    expect((await get('/v1/settlements?billNumber=1&bill=2')).body.fields[0]?.field).toBe('bill');
    expect((await get('/v1/settlements/none')).status).toBe(404);
    expect((await get('/v1/settlements/none/statement')).status).toBe(404);
    expect((await get('/v1/nowhere')).body.code).toBe('NOT_FOUND');
    expect((await get('/v1/settlements/%zz')).status).toBe(400);
    const wrong = await service.call('DELETE', '/v1/settlements', { as: 'hospital' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, GET']);
  });
});
