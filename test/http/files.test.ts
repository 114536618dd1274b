import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { HttpDeps } from '../../src/http/deps.ts';
import { createHttpApp } from '../../src/http/app.ts';
import { listen, type Listening } from '../../src/http/listen.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { download, upload, type Route } from '../../src/http/route.ts';
import { notFound } from '../../src/platform/errors.ts';

const BYTES_MAX = 100_000;
const NAME = '说明"; x=\r\n/../签字.pdf';

let received: { mediaType: string; charset: string | undefined; bytes: number; error?: unknown }[] = [];

const ROUTES: readonly Route[] = [
  upload('/file', {
    tag: 'Test',
    summary: 'takes a file',
    callers: ['clerk'],
    query: z.strictObject({ look: z.enum(['all', 'none']) }),
    takes: { what: 'A file', mediaTypes: ['text/csv', 'application/pdf'], bytesMax: BYTES_MAX },
    answers: { 201: z.object({ bytes: z.number() }) },
    async receive(_deps, { query, file }) {
      if (query.look === 'none') throw notFound('case');
      const { mediaType, charset } = file;
      const seen = { mediaType, charset, bytes: 0, error: undefined as unknown };
      received.push(seen);
      try {
        for await (const chunk of file.content) seen.bytes += chunk.byteLength;
      } catch (error) {
        seen.error = error;
        throw error;
      }
      return { status: 201, body: { bytes: seen.bytes } };
    },
  }),
  download('/file/:id', {
    tag: 'Test',
    summary: 'gives a file',
    callers: ['clerk'],
    gives: { what: 'The file', mediaTypes: ['application/pdf'] },
    async send(_deps, { params }) {
      if (params['id'] === 'none') throw notFound('file');
      const content = async function* () {
        yield 'half';
        if (params['id'] === 'broken') throw new Error('disk');
        yield Buffer.from(' of it');
      };
      return { mediaType: 'application/pdf', name: NAME, bytes: undefined, content: content() };
    },
  }),
];

describe('routes that take or give a file', () => {
  let listening: Listening;

  beforeAll(async () => {
    const nothing = (): void => undefined;
    const deps = {
      authenticate: (key: string) => (key === 'wang' ? { kind: 'clerk', id: key, region: '320509' } : undefined),
      metrics: createMetrics(),
      newId: () => 'trace',
      log: { debug: nothing, warn: nothing, error: nothing },
    } as unknown as HttpDeps;
    listening = await listen(createHttpApp(deps, ROUTES), '127.0.0.1', 0);
  });

  afterAll(() => listening.stop());

  const post = async (body: RequestInit['body'], type = 'text/csv', query = 'look=all', more: RequestInit = {}) => {
    received = [];
    const headers = { authorization: 'Bearer wang', 'content-type': type };
    const answer = await fetch(`${listening.url}/file?${query}`, { method: 'POST', headers, body: body!, ...more });
    return { status: answer.status, body: (await answer.json()) as { code?: string; bytes?: number } };
  };
  const stream = (chunks: number, size: number) =>
    ReadableStream.from(Array.from({ length: chunks }, () => new Uint8Array(size)));

  it('takes a file of just the size', async () => {
    expect(await post(new Uint8Array(BYTES_MAX), 'Text/CSV; Charset="GBK"')).toEqual({
      status: 201,
      body: { bytes: BYTES_MAX },
    });
    expect(received).toEqual([{ mediaType: 'text/csv', charset: 'gbk', bytes: BYTES_MAX, error: undefined }]);
    expect((await post('', 'application/pdf')).body.bytes).toBe(0);
  });

  it('refuses a larger one before reading when its length is told, and while reading when it is not', async () => {
    const told = await post(new Uint8Array(BYTES_MAX + 1));
    expect([told.status, told.body.code, received]).toEqual([413, 'FILE_TOO_LARGE', []]);
    const untold = await post(stream(200, 10_000), 'text/csv', 'look=all', { duplex: 'half' });
    expect([untold.status, untold.body.code]).toEqual([413, 'FILE_TOO_LARGE']);
    expect(received[0]!.bytes).toBeLessThanOrEqual(BYTES_MAX);
  });

  it.each(['image/png', 'text/csvx', '', 'application/json'])('refuses the type %j', async (type) => {
    const { status, body } = await post(new Uint8Array(3), type);
    expect([status, body.code, received]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE', []]);
  });

  it('answers a refusal also when nobody read the file', async () => {
    expect((await post(new Uint8Array(BYTES_MAX), 'text/csv', 'look=none')).status).toBe(404);
    expect((await post('x', 'text/csv', 'look=some')).body.code).toBe('INVALID_INPUT');
  });

  it('tells the reader when the connection ends inside the file', async () => {
    received = [];
    const socket = connect(Number(new URL(listening.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /file?look=all HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wang\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nhalf',
    );
    await expect.poll(() => received[0]?.bytes).toBe(4);
    socket.destroy();
    await expect.poll(() => received[0]?.error).toMatchObject({ code: 'REQUEST_ABORTED' });
  });

  const get = (id: string) => fetch(`${listening.url}/file/${id}`, { headers: { authorization: 'Bearer wang' } });

  it('gives a file for saving, under a name that ends no header', async () => {
    const answer = await get('one');
    expect(await answer.text()).toBe('half of it');
    const disposition = answer.headers.get('content-disposition')!;
    expect(disposition).toMatch(/^attachment; filename="[^"%]*"; filename\*=UTF-8''[\w.%-]*$/);
    expect(decodeURIComponent(disposition.split("''")[1]!)).toBe('说明"; x=___.._签字.pdf');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  });

  it('answers a problem where there is none, and breaks off where it breaks', async () => {
    const none = await get('none');
    expect([none.status, none.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    await expect(get('broken').then((answer) => answer.text())).rejects.toThrow();
  });
});
