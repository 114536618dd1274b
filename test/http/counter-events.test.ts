import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCounterEvents, type CounterEvents } from '../../src/http/counter/counter-events.ts';
import type { CounterEvent } from '../../src/http/schemas/counter.ts';
import { openDisplay } from '../support/event-stream.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { startService, type TestService } from '../support/service.ts';

describe.each(['sqlite', 'mariadb'] as const)('the counter’s stream on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
  });

  afterAll(() => service.stop());

  const streamOf = (token: string, institution = 'H33042100001') =>
    `${service.url}/v1/counters/${institution}/events?token=${token}`;
  const settle = (changes: Parameters<typeof postedBill>[0] = {}) =>
    service.call('POST', '/v1/settlements', { as: 'hospital', body: postedBill(changes) });

  it('greets, replays the latest bills and shows the next ones live, without names', async () => {
    const first = await settle({ personId: 'p2' });
    const display = await openDisplay(streamOf('display'));
    expect(await display.greeting()).toEqual({
      institutionId: 'H33042100001',
      name: '嘉善医院',
      nameEn: 'Jiashan hospital',
    });
    const replayed = await display.next();
    expect(replayed).toMatchObject({ event: 'settled', settlementId: first.body.settlementId, personName: '*明' });
    expect(replayed).toMatchObject({ homeName: '吴江', homeNameEn: 'Wujiang', provenance: 'sourced' });
    expect(replayed.shares).toEqual(first.body.shares);

    const second = await settle({ lines: [postedLine('1000.00', { code: 'X1' })] });
    const live = await display.next();
    expect(live).toMatchObject({
      settlementId: second.body.settlementId,
      personName: '**芬',
      provenance: 'illustrative',
    });
    expect(JSON.stringify(live)).not.toMatch(/沈|"p1"/);

    const reversal = await service.call('POST', `/v1/settlements/${second.body.settlementId}/reversal`, {
      as: 'hospital',
      body: { reason: 'wrong item' },
    });
    const taken = await display.next();
    expect(taken).toMatchObject({ event: 'reversed', reverses: second.body.settlementId });
    expect(taken.settlementId).toBe(reversal.body.settlementId);
    expect(taken.shares.total).toBe('-1000.00');
    expect(taken.personParts.deductible).toBe('-600.00');
    display.close();

    const later = await openDisplay(streamOf('display'));
    await later.greeting();
    const again = [await later.next(), await later.next(), await later.next()];
    expect(again).toEqual([replayed, live, taken]);
    later.close();
  });

  it('replays no more than twenty, and shows no repeat twice', async () => {
    for (let made = 0; made < 25; made++) await settle({ personId: 'local' });
    const display = await openDisplay(streamOf('display'));
    await display.greeting();
    for (let shown = 0; shown < 20; shown++) await display.next();
    const bill = postedBill({ personId: 'local' });
    await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    expect((await display.next()).billNumber).toBe(bill.billNumber);
    await service.call('POST', '/v1/settlements', { as: 'hospital', body: bill });
    const last = await settle({ personId: 'local' });
    expect((await display.next()).settlementId).toBe(last.body.settlementId);
    display.close();
  });

  it('is for the display’s own institution, and for no other kind of key', async () => {
    const status = async (url: string) => {
      const display = await openDisplay(url);
      display.close();
      return display.status;
    };
    expect(await status(streamOf('otherDisplay'))).toBe(404);
    for (const other of ['hospital', 'homeFund', 'operator']) expect(await status(streamOf(other))).toBe(403);
    expect(await status(streamOf('unknown'))).toBe(401);
    expect(await status(streamOf('otherDisplay', 'H31011800001'))).toBe(200);
  });
});

describe('the hub of the counters', () => {
  let hub: CounterEvents;
  let server: Server;
  let url: string;
  let latest: () => Promise<readonly CounterEvent[]>;

  beforeEach(async () => {
    latest = () => Promise.resolve([]);
    hub = createCounterEvents(20);
    server = createServer((_request, response) => {
      void hub.open(response, { institutionId: 'h', name: '医院', nameEn: 'hospital' }, () => latest());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });

  afterEach(() => {
    hub.close();
    server.closeAllConnections();
    server.close();
  });

  const event = (settlementId: string, billNumber = ''): CounterEvent =>
    ({ event: 'settled', institutionId: 'h', settlementId, billNumber }) as CounterEvent;

  const until = async (holds: () => boolean) => {
    while (!holds()) await sleep(5);
  };

  it('loses nothing and doubles nothing of what happens while the latest bills are read', async () => {
    latest = async () => {
      hub.publish(event('2'));
      hub.publish(event('3'));
      return [event('1'), event('2')];
    };
    const display = await openDisplay(url);
    const blocks = [
      await display.nextBlock(),
      await display.nextBlock(),
      await display.nextBlock(),
      await display.nextBlock(),
    ];
    expect(blocks.map((block) => /id: (\d)/.exec(block)?.[1])).toEqual([undefined, '1', '2', '3']);
  });

  it('sends a heartbeat', async () => {
    const display = await openDisplay(url);
    await display.nextBlock();
    expect(await display.nextBlock()).toBe(': heartbeat');
  });

  it('forgets a display that went', async () => {
    const display = await openDisplay(url);
    expect([hub.readers, hub.isWatched('h')]).toEqual([1, true]);
    display.close();
    await until(() => hub.readers === 0);
    expect(hub.isWatched('h')).toBe(false);
  });

  it('drops a display that does not read', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(() => hub.readers === 1);
    const long = 'x'.repeat(100_000);
    let sent = 0;
    while (hub.readers > 0 && sent < 1_000) {
      hub.publish(event(String(++sent), long));
      await sleep(0);
    }
    expect(hub.readers).toBe(0);
    // Beyond what the system buffers, no more than a quarter of a megabyte was held.
    expect(sent).toBeLessThan(300);
    socket.destroy();
  });

  it('ends every stream when it closes', async () => {
    const display = await openDisplay(url);
    await display.nextBlock();
    hub.close();
    await display.ended();
    await until(() => hub.readers === 0);
  });
});
