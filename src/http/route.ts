import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Principal } from '../app/ports.ts';
import type { FieldProblem } from '../platform/errors.ts';
import type { HttpDeps } from './deps.ts';

/** A request and what its address says, before anything is checked. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
}

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
  /** Says at once of most bodies that `body` lets them through as they are; see quick-yes.ts. */
  readonly quickYes?: (value: unknown) => boolean;
  readonly explain?: Explain;
  /** By status. */
  readonly answers: Readonly<Record<number, z.ZodType<Answer>>>;
  readonly handle: (deps: HttpDeps, call: Call<Body, Query>) => Promise<Reply<Answer>>;
}

interface Streams extends About {
  readonly query?: z.ZodType;
  /** What each event holds. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly stream: (deps: HttpDeps, asked: Asked, response: ServerResponse) => Promise<void>;
}

/** A file on its way in: read once, and never more of it than the route allows. */
export interface ReceivedFile {
  /** As declared, in lower case and without parameters; one of those that the route takes. */
  readonly mediaType: string;
  /** `charset` of the declared type, in lower case. */
  readonly charset: string | undefined;
  readonly declaredBytes: number | undefined;
  /** Throws AppError FILE_TOO_LARGE beyond the route's bound and REQUEST_ABORTED when the connection ends inside the file. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** A file on its way out. What cannot be answered (not there, not theirs) is thrown before it is returned. */
export interface SentFile {
  readonly mediaType: string;
  /** What the browser is to call it; any characters. */
  readonly name: string;
  /** Undefined when it is made while it is sent. */
  readonly bytes: number | undefined;
  readonly content: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
}

/** A request with a file as its body. */
export interface FileCall<Query = unknown> extends Omit<Call<undefined, Query>, 'body'> {
  readonly file: ReceivedFile;
}

interface TakesFile<Query, Answer extends object> extends About {
  readonly query?: z.ZodType<Query>;
  readonly takes: {
    /** What the file is, for the reader of the document. */
    readonly what: string;
    readonly mediaTypes: readonly string[];
    readonly bytesMax: number;
  };
  readonly answers: Readonly<Record<number, z.ZodType<Answer>>>;
  readonly receive: (deps: HttpDeps, call: FileCall<Query>) => Promise<Reply<Answer>>;
}

interface GivesFile<Query> extends About {
  readonly query?: z.ZodType<Query>;
  readonly gives: { readonly what: string; readonly mediaTypes: readonly string[] };
  readonly send: (deps: HttpDeps, call: Omit<Call<undefined, Query>, 'body'>) => Promise<SentFile>;
}

type Method = 'get' | 'post';

/** One row of the route table, ready to be served and described. */
export type Route = { readonly method: Method; readonly path: string } & (
  Asks<unknown, unknown, object> | Streams | TakesFile<unknown, object> | GivesFile<unknown>
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

/** A row that takes a file as its body, streamed, of the media types and up to the size that it names. */
export function upload<Query, Answer extends object>(path: string, takes: TakesFile<Query, Answer>): Route {
  return { method: 'post', path, ...(takes as unknown as TakesFile<unknown, object>) };
}

/** A row that gives a file, streamed, for saving and never for showing inside a page. */
export function download<Query>(path: string, gives: GivesFile<Query>): Route {
  return { method: 'get', path, ...(gives as unknown as GivesFile<unknown>) };
}
