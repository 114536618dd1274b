import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OperationState } from '../../src/app/partners/ports.ts';
import { createBreakers, type BreakerOptions } from '../../src/partners/breakers.ts';
import { createFundClient, type FundAddress, type FundClient } from '../../src/partners/fund-client.ts';
import type { AppError } from '../../src/platform/errors.ts';
import { insideTransaction } from '../../src/platform/transaction-guard.ts';

const MESSAGES = [
  { messageId: 'm1', topic: 'settlement' as const },
  { messageId: 'm2', topic: 'settlement' as const },
];
const NEVER: BreakerOptions = { volumeThreshold: 1000, errorThresholdPercentage: 50, windowMs: 60_000, resetMs: 50 };

describe('a fund client', () => {
  const endings: (() => void)[] = [];

  async function serve(listener: RequestListener): Promise<Server> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endings.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return server;
  }

  /** A client of a fund that answers everything with the same. */
  async function answering(
    status: number,
    body: string,
    rest: Partial<FundAddress> = {},
    type = 'application/json',
  ): Promise<FundClient> {
    return clientOf((_request, response) => response.writeHead(status, { 'content-type': type }).end(body), rest);
  }

  async function clientOf(listener: RequestListener, rest: Partial<FundAddress> = {}, options = NEVER) {
    const { port } = (await serve(listener)).address() as AddressInfo;
    const breakers = createBreakers(options);
    endings.push(() => breakers.close());
    return createFundClient({ region: '330421', url: `http://127.0.0.1:${port}`, timeoutMs: 2000, ...rest }, breakers);
  }

  afterEach(() => {
    for (const end of endings.splice(0)) end();
  });

  it('posts a batch and says which messages were taken', async () => {
    const bodies: string[] = [];
    const client = await clientOf((request, response) => {
      request.on('data', (chunk) => bodies.push(`${request.method} ${request.url} ${String(chunk)}`));
      request.on('end', () => response.end('{"accepted":["m2","somebody else\'s"]}'));
    });
    const { accepted, problem } = await client.send(MESSAGES);
    expect([accepted.has('m1'), accepted.has('m2'), problem]).toEqual([false, true, undefined]);
    expect(bodies).toEqual([`POST /messages ${JSON.stringify({ messages: MESSAGES })}`]);
  });

  it.each([
    ['an HTML page', 200, '<html><body>maintenance</body></html>', 'ANSWER_NOT_UNDERSTOOD', undefined],
    ['nothing', 200, '', 'ANSWER_NOT_UNDERSTOOD', undefined],
    ['no receipt', 200, '{"ok":true}', 'ANSWER_NOT_UNDERSTOOD', undefined],
    ['a receipt of another shape', 200, '{"accepted":"m1"}', 'ANSWER_NOT_UNDERSTOOD', undefined],
    ['a list', 200, '[]', 'ANSWER_NOT_UNDERSTOOD', undefined],
    ['200 with an error inside', 200, '{"error":{"code":"E-42","message":"closed"}}', 'PARTNER_REFUSED', 'E-42'],
    ['200 with a code', 200, '{"code":-7,"message":"closed"}', 'PARTNER_REFUSED', '-7'],
    ['200 with words', 200, '{"error":"closed"}', 'PARTNER_REFUSED', undefined],
    ['a refusal', 422, '{"code":"BAD_MESSAGE","detail":"no such person"}', 'PARTNER_REFUSED', 'BAD_MESSAGE'],
    ['a failure of its own', 500, '{"code":"ORA-1","title":"down"}', 'PARTNER_FAILED', 'ORA-1'],
    ['a proxy that cannot reach it', 502, '<html>bad gateway</html>', 'PARTNER_FAILED', undefined],
    ['a wrong address', 404, '{"code":"NOT_FOUND"}', 'PARTNER_FAILED', 'NOT_FOUND'],
    ['a wrong key', 401, '', 'PARTNER_FAILED', undefined],
    ['that we ask too often', 429, '{}', 'PARTNER_FAILED', undefined],
  ])('takes %s for an error, with the code of the partner', async (_what, status, body, code, partnerCode) => {
    const client = await answering(status, body);
    await expect(client.send(MESSAGES)).rejects.toMatchObject({
      name: 'AppError',
      code,
      retryable: code !== 'PARTNER_REFUSED',
      extra: partnerCode === undefined ? {} : { partnerCode },
    });
  });

  it('keeps what a receipt says about the messages that were not taken', async () => {
    const client = await answering(200, '{"accepted":["m1"],"error":{"code":"E-9","message":"unknown person"}}');
    expect(await client.send(MESSAGES)).toEqual({
      accepted: new Set(['m1']),
      problem: { code: 'E-9', message: 'unknown person' },
    });
  });

  it('gives up in time, also on an answer that begins and never ends', async () => {
    const silent = await clientOf(() => undefined, { timeoutMs: 80 });
    await expect(silent.send(MESSAGES)).rejects.toMatchObject({ code: 'PARTNER_TIMEOUT', retryable: true });
    const endless = await clientOf((_request, response) => void response.write('{"accepted":['), { timeoutMs: 80 });
    await expect(endless.send(MESSAGES)).rejects.toMatchObject({ code: 'PARTNER_TIMEOUT', retryable: true });
  });

  it('reads no more than it must', async () => {
    const client = await answering(200, JSON.stringify({ accepted: ['x'.repeat(5000)] }), { answerBytesMax: 4096 });
    await expect(client.send(MESSAGES)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
  });

  it('says when nobody is there, and follows nobody elsewhere', async () => {
    const gone = await clientOf((request) => request.socket.destroy());
    await expect(gone.send(MESSAGES)).rejects.toMatchObject({ code: 'PARTNER_UNREACHABLE', retryable: true });
    const elsewhere = await clientOf((request, response) => {
      if (request.url === '/else') response.end('{"accepted":["m1"]}');
      else response.writeHead(307, { location: '/else' }).end();
    });
    await expect(elsewhere.send(MESSAGES)).rejects.toMatchObject({ code: 'PARTNER_UNREACHABLE' });
  });

  it('refuses to call while a database transaction is open', async () => {
    let calls = 0;
    const client = await clientOf((_request, response) => {
      calls += 1;
      response.end('{"accepted":[]}');
    });
    await expect(insideTransaction(() => client.send(MESSAGES))).rejects.toThrow('transaction is open');
    expect(calls).toBe(0);
    await client.send(MESSAGES);
    expect(calls).toBe(1);
  });

  describe('behind a breaker', () => {
    const QUICK: BreakerOptions = { volumeThreshold: 3, errorThresholdPercentage: 50, windowMs: 10_000, resetMs: 150 };

    it('stops calling after enough failures, and closes again by itself when a probe succeeds', async () => {
      let calls = 0;
      let isDown = true;
      const client = await clientOf(
        (_request, response) => {
          calls += 1;
          response.writeHead(isDown ? 503 : 200).end('{"accepted":["m1"]}');
        },
        {},
        QUICK,
      );
      const code = (): Promise<unknown> =>
        client.send(MESSAGES).then(
          () => 'taken',
          (error: unknown) => (error as AppError).code,
        );
      expect([await code(), await code(), await code()]).toEqual(Array(3).fill('PARTNER_FAILED'));
      expect(await code()).toBe('BREAKER_OPEN');
      expect(calls).toBe(3);
      await sleep(QUICK.resetMs + 50);
      // One probe, which fails, and the breaker is open again.
      expect([await code(), await code()]).toEqual(['PARTNER_FAILED', 'BREAKER_OPEN']);
      expect(calls).toBe(4);
      isDown = false;
      await vi.waitFor(async () => expect(await code()).toBe('taken'));
      expect([await code(), await code(), await code()]).toEqual(['taken', 'taken', 'taken']);
    });

    it('opens after so many failures in a row, however much went well before, and closes again', async () => {
      const options = { ...QUICK, failuresInRowMax: 3 };
      let isDown = false;
      const client = await clientOf(
        (_request, response) => response.writeHead(isDown ? 503 : 200).end('{"accepted":["m1"]}'),
        {},
        options,
      );
      const code = (): Promise<unknown> =>
        client.send(MESSAGES).then(
          () => 'taken',
          (error: unknown) => (error as AppError).code,
        );
      for (let turn = 0; turn < 20; turn++) expect(await code()).toBe('taken');
      isDown = true;
      expect([await code(), await code()]).toEqual(Array(2).fill('PARTNER_FAILED'));
      isDown = false;
      expect(await code()).toBe('taken');
      isDown = true;
      expect([await code(), await code(), await code()]).toEqual(Array(3).fill('PARTNER_FAILED'));
      expect(await code()).toBe('BREAKER_OPEN');
      isDown = false;
      await vi.waitFor(async () => expect(await code()).toBe('taken'));
      expect(await code()).toBe('taken');
    });

    it('does not count refusals of what was sent', async () => {
      const client = await clientOf((_request, response) => response.writeHead(422).end('{"code":"X"}'), {}, QUICK);
      for (let turn = 0; turn < 8; turn++) {
        await expect(client.send(MESSAGES)).rejects.toMatchObject({ code: 'PARTNER_REFUSED' });
      }
    });

    it('is one for each partner and operation', async () => {
      const changes: OperationState[] = [];
      const breakers = createBreakers(QUICK, (change) => changes.push(change));
      endings.push(() => breakers.close());
      const fail = (): Promise<never> => Promise.reject(new RangeError('broken'));
      for (let turn = 0; turn < 3; turn++) await breakers.call('330421', 'messages', fail).catch(() => undefined);
      await expect(breakers.call('330421', 'messages', fail)).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
      expect(await breakers.call('330421', 'eligibility', () => Promise.resolve(1))).toBe(1);
      expect(await breakers.call('320509', 'messages', () => Promise.resolve(2))).toBe(2);
      expect(breakers.states()).toMatchObject([
        { partner: '330421', operation: 'messages', position: 'open' },
        { partner: '330421', operation: 'eligibility', position: 'closed' },
        { partner: '320509', operation: 'messages', position: 'closed' },
      ]);
      await vi.waitFor(() => expect(changes.map(({ position }) => position)).toEqual(['open', 'halfOpen']));
      expect(await breakers.call('330421', 'messages', () => Promise.resolve(3))).toBe(3);
      expect(changes.at(-1)).toMatchObject({ partner: '330421', operation: 'messages', position: 'closed' });
    });
  });
});
