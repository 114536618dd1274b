import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';
import { AppError, invalidInput } from '../platform/errors.ts';
import { callerOf, requireKind } from './authenticate.ts';
import type { HttpDeps } from './deps.ts';
import { fieldProblems } from './field-problems.ts';
import { readJson } from './read-body.ts';
import { sendJson } from './respond.ts';
import type { Call, Reply, Route } from './route.ts';

type Asking = Extract<Route, { handle: unknown }>;
type Downloading = Extract<Route, { download: unknown }>;

/** Who calls for what, once both are checked. */
function callOf(route: Asking | Downloading, deps: HttpDeps, request: Request): Omit<Call, 'body'> {
  const caller = callerOf(request, deps.authenticate);
  requireKind(caller, route.callers);
  const query = route.query?.safeParse(request.query);
  if (query?.success === false) throw invalidInput(fieldProblems(query.error.issues));
  return { caller, params: request.params as Record<string, string>, query: query?.data };
}

async function answer(route: Asking, deps: HttpDeps, request: Request): Promise<Reply> {
  const call = callOf(route, deps, request);
  const sent = route.body === undefined ? undefined : await readJson(request);
  const body = route.body?.safeParse(sent);
  if (body?.success === false) {
    const problems = fieldProblems(body.error.issues);
    throw invalidInput(route.explain?.(deps, call.caller, sent, problems) ?? problems);
  }
  return route.handle(deps, { ...call, body: body?.data });
}

/** Sends a file as fast as the caller takes it. What fails on the way ends the connection: half a file must not look whole. */
async function send(route: Downloading, deps: HttpDeps, request: Request, response: Response): Promise<void> {
  const { type, fileName, body } = await route.download(deps, { ...callOf(route, deps, request), body: undefined });
  response.writeHead(200, {
    'content-type': type,
    'content-disposition': `attachment; filename="${fileName}"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  try {
    await pipeline(body, response);
  } catch (error) {
    // A caller who has gone away is no failure of ours.
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** Turns a row of the route table into what express calls. */
export function serveRoute(route: Route, deps: HttpDeps): RequestHandler {
  if ('stream' in route) {
    return (request, response) => route.stream(deps, request as Parameters<typeof route.stream>[1], response);
  }
  const observe = deps.metrics.timer(`${route.method.toUpperCase()} ${route.path}`);
  return async (request, response) => {
    const startedMs = performance.now();
    let status = 500;
    try {
      if ('download' in route) {
        await send(route, deps, request, response);
        status = 200;
        return;
      }
      const reply = await answer(route, deps, request);
      status = reply.status;
      sendJson(response, status, reply.body);
    } catch (error) {
      if (error instanceof AppError) status = error.status;
      throw error;
    } finally {
      observe((performance.now() - startedMs) / 1000, status);
    }
  };
}
