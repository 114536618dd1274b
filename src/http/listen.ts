import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../platform/errors.ts';

/** A server that listens. */
export interface Listening {
  readonly url: string;
  stop(): Promise<void>;
}

const STOP_PATIENCE_MS = 30_000;
const STOP_POLL_MS = 20;

/**
 * Listens until stopped; what is under way then is answered first, for as long as {@link STOP_PATIENCE_MS}.
 *
 * @throws AppError CANNOT_LISTEN
 */
export async function listen(app: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(app);
  let underWay = 0;
  server.on('request', (_request, response) => {
    underWay += 1;
    response.once('close', () => (underWay -= 1));
  });
  try {
    await once(server.listen(port, host), 'listening');
  } catch (cause) {
    const help = 'is another process using the port? PORT chooses another one';
    throw new AppError('CANNOT_LISTEN', `cannot listen on ${host}:${port}`, { status: 500, help, cause });
  }
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      const deadline = performance.now() + STOP_PATIENCE_MS;
      while (underWay > 0 && performance.now() < deadline) await sleep(STOP_POLL_MS);
      // What is still open is kept alive for nothing.
      server.closeAllConnections();
      await closed;
    },
  };
}
