import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { FUND_OPERATIONS, type feedQuery, type fundFile, type FundOperation } from '../http/schemas/fund-system.ts';
import type { fundMessages } from '../http/schemas/funds.ts';
import { accumulatorEvent } from '../http/schemas/persons.ts';
import { fundFaults, type FundFaults, type FundFaultsInput } from '../http/schemas/simulators.ts';
import { createChance } from './chance.ts';
import { createFundBook, type FundState } from './fund-book.ts';
import { sendWrong } from './fund-faults.ts';
import { pageOf, type FundMembers } from './fund-members.ts';

type FundFile = z.infer<typeof fundFile>;

/** One county's fund system, listening. */
export interface FundServer {
  /** What the engine calls; the operations of the contract are below it. */
  readonly url: string;
  readonly members: FundMembers;
  state(): FundState;
  /** Puts a file out for the engine. */
  offer(file: FundFile): void;
  faults(): FundFaults;
  setFaults(faults: FundFaultsInput): void;
  stop(): Promise<void>;
}

/** What is to be answered. */
interface Reply {
  readonly status: number;
  readonly body: object;
}

/** A request that the contract allows. */
interface Asked {
  readonly body: unknown;
  readonly query: { readonly after?: string; readonly limit?: number };
  readonly parameter: string;
}

const LOOPBACK = '127.0.0.1';
const BODY_BYTES_MAX = 10_000_000;
const PAGE = 200;

const spending = accumulatorEvent.pick({ personId: true, accumulators: true, accounts: true });

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

function answer(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(status: number, code: string, detail: string): Reply {
  return { status, body: { code, detail } };
}

function badMessage(error: z.ZodError): Reply {
  return problem(400, 'BAD_MESSAGE', z.prettifyError(error));
}

function operationFor(method: string, path: string) {
  for (const operation of FUND_OPERATIONS) {
    if (operation.method !== method.toLowerCase()) continue;
    const match = new RegExp(`^${operation.path.replace(/\{\w+\}/, '([^/]+)')}$`).exec(path);
    if (match !== null) return { operation, parameter: match[1] ?? '' };
  }
  return undefined;
}

/** What the fund does when it is asked something, by operation of the contract. */
function createDeeds(book: ReturnType<typeof createFundBook>, offered: readonly FundFile[]) {
  const received = new Map<string, FundFile>();
  const { members } = book;
  const deeds: Readonly<Record<string, (asked: Asked) => Reply>> = {
    receiveMessages({ body }) {
      const { messages } = body as z.infer<typeof fundMessages>;
      book.enter(messages);
      return { status: 200, body: { accepted: messages.map(({ messageId }) => messageId) } };
    },
    lookAtPerson({ body }) {
      const person = members.find((body as { readonly personId: string }).personId);
      if (person === undefined) return problem(404, 'PERSON_UNKNOWN', 'nobody of this county has this id');
      return { status: 200, body: { person } };
    },
    listChangedPersons({ query: { after = '', limit = PAGE } }) {
      const { items, next, more } = members.changed(after, limit);
      return { status: 200, body: { persons: items, next, more } };
    },
    listAccumulatorEvents({ query: { after = '', limit = PAGE } }) {
      const { items, next, more } = members.events(after, limit);
      return { status: 200, body: { events: items, next, more } };
    },
    receiveFile({ body }) {
      const file = body as FundFile;
      const { fileId, sha256 } = file;
      if (createHash('sha256').update(file.content).digest('hex') !== sha256) {
        return problem(400, 'HASH_DIFFERS', 'the content has another hash');
      }
      if ((received.get(fileId)?.sha256 ?? sha256) !== sha256) {
        return problem(409, 'FILE_DIFFERS', 'a file of this id came before with another content');
      }
      received.set(fileId, file);
      return { status: 200, body: { fileId, sha256 } };
    },
    listFiles({ query: { after = '', limit = PAGE } }) {
      const { items, next, more } = pageOf(offered, after, limit);
      return { status: 200, body: { files: items.map(({ content: _content, ...facts }) => facts), next, more } };
    },
    readFile({ parameter }) {
      const file = offered.find(({ fileId }) => fileId === parameter);
      return file === undefined ? problem(404, 'FILE_UNKNOWN', 'there is no such file') : { status: 200, body: file };
    },
  };
  return deeds;
}

/** Doubles what a page lists, or throws it into disorder. */
function upset(reply: Reply, { duplicate, outOfOrder }: FundFaults, shuffle: <T>(list: T[]) => T[]): Reply {
  const lists = Object.entries(reply.body).map(([name, value]: [string, unknown]) => {
    if (!Array.isArray(value) || !['events', 'persons'].includes(name)) return [name, value];
    const doubled: unknown[] = duplicate ? [...(value as unknown[]), ...(value as unknown[])] : (value as unknown[]);
    return [name, outOfOrder ? shuffle(doubled) : doubled];
  });
  return { ...reply, body: Object.fromEntries(lists) as object };
}

/**
 * Starts the system of one county's fund on this machine alone. It does everything that config/fund-openapi.json says, and
 * beside it `GET /state` tells what it learnt, `POST /spend` makes a person spend at home, and `POST /faults` makes it
 * slow, faulty, silent, wrong or gone.
 */
export async function startFundServer({
  port = 0,
  seed = 1,
  now = () => Date.now(),
  name = 'HOME',
} = {}): Promise<FundServer> {
  const book = createFundBook(now, name);
  const chance = createChance(seed);
  const offered: FundFile[] = [];
  const deeds = createDeeds(book, offered);
  let present = fundFaults.parse({});

  function replyTo(
    { operationId, body, query }: FundOperation,
    parameter: string,
    sent: { readonly body: unknown; readonly query: object },
  ): Reply {
    const readBody = body?.safeParse(sent.body);
    if (readBody?.success === false) return badMessage(readBody.error);
    const readQuery = query?.safeParse(sent.query);
    if (readQuery?.success === false) return badMessage(readQuery.error);
    const asked = { body: readBody?.data, query: (readQuery?.data ?? {}) as z.infer<typeof feedQuery>, parameter };
    const reply = deeds[operationId]?.(asked) ?? problem(500, 'NOT_BUILT', operationId);
    return upset(reply, present, (list) => chance.pickSome(list, list.length));
  }

  async function serve(
    found: NonNullable<ReturnType<typeof operationFor>>,
    request: IncomingMessage,
    query: object,
    response: ServerResponse,
  ): Promise<void> {
    if (present.down) {
      request.socket.destroy();
      return;
    }
    const body = found.operation.body === undefined ? undefined : await readJson(request);
    const { silent, latencyMs, errorRate, wrongAnswer } = present;
    if (latencyMs > 0) await pause(latencyMs);
    if (chance.hits(errorRate * 1000)) {
      answer(response, problem(500, 'FUND_BUSY', 'the fund has trouble'));
      return;
    }
    if (wrongAnswer !== 'none') {
      sendWrong(response, wrongAnswer);
      return;
    }
    const reply = replyTo(found.operation, found.parameter, { body, query });
    // What was asked is done; who asked never hears of it.
    if (!silent) answer(response, reply);
  }

  async function control(what: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (what) {
      case 'POST /faults': {
        const read = fundFaults.safeParse(await readJson(request));
        if (read.success) present = read.data;
        answer(response, read.success ? { status: 200, body: present } : badMessage(read.error));
        return;
      }
      case 'POST /spend': {
        const read = spending.safeParse(await readJson(request));
        const event = read.success ? book.members.spend(read.data) : undefined;
        if (!read.success) answer(response, badMessage(read.error));
        else if (event === undefined) answer(response, problem(404, 'PERSON_UNKNOWN', 'nobody here has this id'));
        else answer(response, { status: 200, body: event });
        return;
      }
      case 'GET /state':
        answer(response, { status: 200, body: book.state() });
        return;
      default:
        answer(response, problem(404, 'NOT_FOUND', 'see config/fund-openapi.json; also /state, /spend and /faults'));
    }
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fund');
    const method = request.method ?? '';
    const found = operationFor(method, pathname);
    const handling =
      found === undefined
        ? control(`${method} ${pathname}`, request, response)
        : serve(found, request, Object.fromEntries(searchParams), response);
    // The caller hung up: there is nobody to tell.
    handling.catch(() => response.destroy());
  });
  await listen(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${actual}`,
    members: book.members,
    state: () => book.state(),
    offer: (file) => void offered.push(file),
    faults: () => present,
    setFaults(wanted) {
      present = fundFaults.parse(wanted);
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
