import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Principal } from '../app/ports.ts';
import type { FieldProblem } from '../platform/errors.ts';
import type { HttpDeps } from './deps.ts';

/** A request after its form was checked. */
export interface Call<Body = unknown, Query = unknown> {
  readonly caller: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
}

/** What an endpoint answers with. */
export interface Reply<Answer extends object = object> {
  readonly status: number;
  readonly body: Answer;
}

/** Adds what else is wrong with a body that has not even the right shape. */
export type Explain = (
  deps: HttpDeps,
  caller: Principal,
  body: unknown,
  problems: readonly FieldProblem[],
) => readonly FieldProblem[];

interface About {
  readonly tag: string;
  readonly summary: string;
  readonly callers: readonly Principal['kind'][];
  /** Statuses of the problems that it can answer with, beside those that any route can. */
  readonly problems?: Readonly<Record<number, z.ZodType>>;
}

interface Asks<Body, Query, Answer extends object> extends About {
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly explain?: Explain;
  /** By status. */
  readonly answers: Readonly<Record<number, z.ZodType<Answer>>>;
  readonly handle: (deps: HttpDeps, call: Call<Body, Query>) => Promise<Reply<Answer>>;
}

interface Streams extends About {
  readonly query?: z.ZodType;
  /** What each event holds. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly stream: (deps: HttpDeps, request: IncomingMessage & StreamCall, response: ServerResponse) => Promise<void>;
}

/** As much of an express request as a stream needs. */
export interface StreamCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
}

/** A file on its way: read piece by piece as the caller takes it. */
export interface Download {
  readonly type: string;
  readonly fileName: string;
  readonly body: AsyncIterable<string | Uint8Array>;
}

interface Downloads<Query> extends About {
  readonly query: z.ZodType<Query>;
  /** Media types that it can come in. */
  readonly types: readonly string[];
  readonly download: (deps: HttpDeps, call: Call<unknown, Query>) => Promise<Download>;
}

type Method = 'get' | 'post';

/** One row of the route table, ready to be served and described. */
export type Route = { readonly method: Method; readonly path: string } & (
  Asks<unknown, unknown, object> | Streams | Downloads<unknown>
);

function at<Body, Query, Answer extends object>(method: Method, path: string, asks: Asks<Body, Query, Answer>): Route {
  // The server hands over what the schemas let through: from here on their types are kept by hand.
  return { method, path, ...(asks as unknown as Asks<unknown, unknown, object>) };
}

/** A row for reading. */
export function get<Query, Answer extends object>(path: string, asks: Asks<unknown, Query, Answer>): Route {
  return at('get', path, asks);
}

/** A row for doing. */
export function post<Body, Query, Answer extends object>(path: string, asks: Asks<Body, Query, Answer>): Route {
  return at('post', path, asks);
}

/** A row for watching: server-sent events. */
export function watch(path: string, streams: Streams): Route {
  return { method: 'get', path, ...streams };
}

/** A row for a file. */
export function download<Query>(path: string, downloads: Downloads<Query>): Route {
  return { method: 'get', path, ...(downloads as unknown as Downloads<unknown>) };
}
