import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Institution } from '../../src/app/ports.ts';
import { createHttpApp } from '../../src/http/app.ts';
import { createAuthenticator, keyHashOf } from '../../src/http/authenticate.ts';
import { createCounterEvents } from '../../src/http/counter/counter-events.ts';
import type { HttpDeps } from '../../src/http/deps.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { problem } from '../../src/http/schemas/problems.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import { AppError } from '../../src/platform/errors.ts';
import { postedBill } from '../support/posted-bill.ts';
import { NOW_MS } from '../support/service.ts';

const INSTITUTION = { id: 'H33042100001', region: '330421', level: 3, groups: [], mapping: new Map() };

describe('when the world or the engine fails', () => {
  let server: Server | undefined;
  let logged: { level: string; facts: object; message: string }[] = [];

  afterEach(() => {
    server?.close();
    logged = [];
  });

  /** An application of which only what a test names works. */
  async function serve(parts: Partial<HttpDeps>): Promise<string> {
    const log = (level: string) => (facts: object, message: string) => logged.push({ level, facts, message });
    const principal = { kind: 'institution', id: INSTITUTION.id } as const;
    const deps: Partial<HttpDeps> = {
      findInstitution: () => INSTITUTION as unknown as Institution,
      authenticate: createAuthenticator([{ keyHash: keyHashOf('hospital'), principal }]),
      clock: { now: () => NOW_MS },
      newId: () => 'trace-1',
      counterEvents: createCounterEvents(),
      metrics: createMetrics(),
      rulebook: () => ({}) as Rulebook,
      readiness: {},
      log: { debug: log('debug'), warn: log('warn'), error: log('error') },
      ...parts,
    };
    server = createServer(createHttpApp(deps as HttpDeps)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function settle(url: string): Promise<{ response: Response; body: unknown }> {
    const response = await fetch(`${url}/v1/settlements`, {
      method: 'POST',
      headers: { authorization: 'Bearer hospital', 'content-type': 'application/json' },
      body: JSON.stringify(postedBill()),
    });
    return { response, body: await response.json() };
  }

  it('tells a caller to come back when it is overloaded', async () => {
    const overloaded = new AppError('OVERLOADED', 'too many requests are waiting', { status: 503, retryable: true });
    const { response, body } = await settle(await serve({ settle: () => Promise.reject(overloaded) }));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(problem.parse(body)).toMatchObject({ code: 'OVERLOADED', retryable: true, traceId: 'trace-1' });
    expect(logged).toMatchObject([{ level: 'warn', facts: { code: 'OVERLOADED', path: '/v1/settlements' } }]);
  });

  it.each([
    ['a bill of its batch', { settle: () => Promise.resolve({ kind: 'failed', error: new TypeError('p1 broke it') }) }],
    ['the use case', { settle: () => Promise.reject(new TypeError('p1 broke it')) }],
  ] as [string, Partial<HttpDeps>][])(
    'shows of a bug in %s nothing but the trace id, and logs it',
    async (_where, parts) => {
      const { response, body } = await settle(await serve(parts));
      expect(response.status).toBe(500);
      expect(problem.parse(body)).toEqual({
        type: 'urn:tongjie:problem:internal',
        title: 'Internal',
        status: 500,
        code: 'INTERNAL',
        detail: 'something went wrong inside the engine',
        help: expect.stringContaining('trace-1') as string,
        retryable: false,
        traceId: 'trace-1',
      });
      expect(logged).toMatchObject([{ level: 'error', facts: { traceId: 'trace-1' }, message: 'bug' }]);
      expect((logged[0]?.facts as { err: Error }).err.message).toBe('p1 broke it');
    },
  );

  it('is not ready while a part fails, and says which', async () => {
    const url = await serve({
      readiness: { rules: () => Promise.resolve(), database: () => Promise.reject(new Error('away')) },
    });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'failed', parts: { rules: 'ok', database: 'failed' } });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('keeps tokens out of the log', async () => {
    const url = await serve({});
    const response = await fetch(`${url}/v1/counters/${INSTITUTION.id}/events?token=secret`);
    expect(response.status).toBe(401);
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain('secret');
  });
});
