import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHospital } from '../../src/simulators/hospital.ts';

const PROBLEM = { type: 'about:blank', title: 't', detail: 'd', traceId: 'x', retryable: false };
const REVERSAL = {
  settlementId: 'r1',
  reverses: 's1',
  repeat: false,
  reason: 'wrong',
  windowId: 1,
  settledAt: '2026-11-24T09:30:00.000+08:00',
};
const SHARES = {
  total: '-1.00',
  fullSelfPay: '-1.00',
  overLimit: '0.00',
  firstSelfPay: '0.00',
  eligible: '0.00',
  outOfArea: '0.00',
  deductible: '0.00',
  funds: { pool: '0.00', largeCost: '0.00', seriousIllness: '0.00', civilServant: '0.00', medicalAid: '0.00' },
  fundTotal: '0.00',
  personTotal: '-1.00',
  account: '0.00',
  accounts: { current: '0.00', carried: '0.00', family: '0.00' },
  cash: '-1.00',
};

interface Heard {
  readonly line: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

describe('a hospital', () => {
  let server: Server | undefined;
  const heard: Heard[] = [];

  afterEach(() => {
    server?.close();
    heard.length = 0;
  });

  /** An engine that answers in turn, the last answer for ever. */
  async function engine(...answers: readonly { status: number; body: unknown }[]) {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const body = Buffer.concat(chunks).toString('utf8');
        heard.push({ line: `${method} ${url}`, authorization: headers.authorization, body });
        const { status, body: content } = answers[Math.min(heard.length, answers.length) - 1]!;
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
      });
    });
    await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return createHospital({ baseUrl: `http://127.0.0.1:${port}`, key: 'secret' });
  }

  it('says who it is and reads what it gets', async () => {
    const hospital = await engine({ status: 201, body: { ...REVERSAL, shares: SHARES } });
    const answer = await hospital.reverse('s1', 'wrong');
    expect(answer).toMatchObject({ ok: true, status: 201, body: { settlementId: 'r1' } });
    expect(heard).toEqual([
      { line: 'POST /v1/settlements/s1/reversal', authorization: 'Bearer secret', body: '{"reason":"wrong"}' },
    ]);
  });

  it('hands a lawful no over at once', async () => {
    const hospital = await engine({ status: 422, body: { ...PROBLEM, status: 422, code: 'NOT_INSURED' } });
    expect(await hospital.reverse('s1', 'wrong')).toMatchObject({ ok: false, problem: { code: 'NOT_INSURED' } });
    expect(heard).toHaveLength(1);
  });

  it('sends the same again when the engine is overloaded', async () => {
    const overloaded = { ...PROBLEM, status: 503, code: 'OVERLOADED', retryable: true };
    const hospital = await engine(
      { status: 503, body: overloaded },
      { status: 201, body: { ...REVERSAL, shares: SHARES } },
    );
    expect(await hospital.reverse('s1', 'wrong')).toMatchObject({ ok: true });
    expect(heard.map(({ body }) => body)).toEqual(['{"reason":"wrong"}', '{"reason":"wrong"}']);
  });

  it('takes no answer in another shape than the contract’s', async () => {
    const hospital = await engine({ status: 200, body: { settlementId: 'r1' } });
    await expect(hospital.reverse('s1', 'wrong')).rejects.toMatchObject({ code: 'ANSWER_NOT_UNDERSTOOD' });
  });

  it('gives up on an engine that is not there', async () => {
    const hospital = createHospital({ baseUrl: 'http://127.0.0.1:9', key: 'secret' });
    await expect(hospital.statement('s1')).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', retryable: true });
  });
});
