import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { fundMessages } from '../http/schemas/funds.ts';
import { createChance } from './chance.ts';
import { createFundBook, type FundState } from './fund-book.ts';

const faults = z.strictObject({
  /** Before each answer. */
  latencyMs: z.number().int().min(0).max(600_000).default(0),
  /** Share of requests that are answered with 500. */
  errorRate: z.number().min(0).max(1).default(0),
  /** Takes the request and never answers. */
  silent: z.boolean().default(false),
  /** Hangs up, as a machine that is switched off. */
  down: z.boolean().default(false),
});

/** How the fund's system misbehaves; what is not named works. */
export type FundFaults = z.input<typeof faults>;

/** One county's fund system, listening. */
export interface FundServer {
  /** What the engine calls; `/messages` is below it. */
  readonly url: string;
  state(): FundState;
  setFaults(faults: FundFaults): void;
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const BODY_BYTES_MAX = 10_000_000;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: z.ZodError): void {
  answer(response, 400, { code: 'BAD_MESSAGE', detail: z.prettifyError(error) });
}

/**
 * Starts the system of one county's fund on this machine alone: `POST /messages` as the engine sends them, `GET /state`
 * for what it learnt, `POST /faults` to make it slow, faulty, silent or gone.
 */
export async function startFundServer({ port = 0, seed = 1 } = {}): Promise<FundServer> {
  const book = createFundBook();
  const chance = createChance(seed);
  let present = faults.parse({});

  async function takeMessages(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (present.down) {
      request.socket.destroy();
      return;
    }
    const content = await readJson(request);
    const { silent, latencyMs, errorRate } = present;
    if (silent) return;
    if (latencyMs > 0) await pause(latencyMs);
    if (chance.hits(errorRate * 1000)) {
      answer(response, 500, { code: 'FUND_BUSY', detail: 'the fund has trouble' });
      return;
    }
    const read = fundMessages.safeParse(content);
    if (!read.success) {
      refuse(response, read.error);
      return;
    }
    book.enter(read.data.messages);
    answer(response, 200, { accepted: read.data.messages.map(({ messageId }) => messageId) });
  }

  async function setFaults(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = faults.safeParse(await readJson(request));
    if (!read.success) {
      refuse(response, read.error);
      return;
    }
    present = read.data;
    answer(response, 200, present);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (`${request.method ?? ''} ${request.url ?? ''}`) {
      case 'POST /messages':
        return takeMessages(request, response);
      case 'POST /faults':
        return setFaults(request, response);
      case 'GET /state':
        answer(response, 200, book.state());
        return;
      default:
        answer(response, 404, { code: 'NOT_FOUND', detail: 'there is POST /messages, GET /state and POST /faults' });
    }
  }

  const server = createServer((request, response) => {
    // The caller hung up: there is nobody to tell.
    handle(request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${actual}`,
    state: () => book.state(),
    setFaults(wanted) {
      present = faults.parse(wanted);
    },
    stop: () => stop(server),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Requests that a silent fund never answers would keep it open.
    server.closeAllConnections();
  });
}
