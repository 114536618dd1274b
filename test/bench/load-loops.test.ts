import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closedLoop, openLoop } from './load-loops.ts';
import { seeded } from './seeded.ts';

const REQUEST = Buffer.from('POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 2\r\n\r\n{}');
/** More than one read takes. */
const LONG = 'x'.repeat(150_000);

let server: Server | undefined;

async function serve(answer: () => { status: number; body: string } | undefined): Promise<number> {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const answered = answer();
      if (answered === undefined) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answered.status, { 'Content-Length': Buffer.byteLength(answered.body) }).end(answered.body);
    });
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('a closed loop', () => {
  it('counts every answer once, long ones too', async () => {
    let served = 0;
    const port = await serve(() => ({ status: 201, body: served++ % 3 === 0 ? LONG : '{}' }));
    const result = await closedLoop([port], 4, 0.3, () => REQUEST);
    expect(result.requests).toBeGreaterThan(4);
    expect(result.statuses).toEqual({ 201: served });
  });

  it('counts a lost connection as unanswered and ends', async () => {
    let served = 0;
    const port = await serve(() => (served++ === 5 ? undefined : { status: 201, body: '{}' }));
    const result = await closedLoop([port], 2, 0.2, () => REQUEST);
    expect(result.statuses['0']).toBe(1);
  });
});

describe('an open loop', () => {
  it('keeps to its rate', async () => {
    const port = await serve(() => ({ status: 200, body: '{}' }));
    const result = await openLoop([port], 500, 0.6, () => REQUEST, seeded(1));
    expect(result.requests).toBeGreaterThan(200);
    expect(result.requests).toBeLessThan(400);
    expect(result.statuses).toEqual({ 200: result.requests });
  });
});
