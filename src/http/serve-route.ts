import type { Request, RequestHandler, Response } from 'express';
import { AppError, invalidInput } from '../platform/errors.ts';
import { callerOf, requireKind } from './authenticate.ts';
import type { HttpDeps } from './deps.ts';
import { fieldProblems } from './field-problems.ts';
import { readJson } from './read-body.ts';
import { receiveFile } from './receive-file.ts';
import { sendJson } from './respond.ts';
import type { Call, Reply, Route } from './route.ts';
import { sendFile } from './send-file.ts';

type Asking = Extract<Route, { handle: unknown }>;
type Taking = Extract<Route, { receive: unknown }>;
type Giving = Extract<Route, { send: unknown }>;

/** What every row asks for first: a caller who may, and a query of the right form. */
function enter({ callers, query }: Asking | Taking | Giving, deps: HttpDeps, request: Request): Omit<Call, 'body'> {
  const caller = callerOf(request, deps.authenticate);
  requireKind(caller, callers);
  const read = query?.safeParse(request.query);
  if (read?.success === false) throw invalidInput(fieldProblems(read.error.issues));
  return { caller, params: request.params as Record<string, string>, query: read?.data };
}

async function answer(route: Asking, deps: HttpDeps, request: Request): Promise<Reply> {
  const call = enter(route, deps, request);
  const sent = route.body === undefined ? undefined : await readJson(request);
  const body = route.body?.safeParse(sent);
  if (body?.success === false) {
    const problems = fieldProblems(body.error.issues);
    throw invalidInput(route.explain?.(deps, call.caller, sent, problems) ?? problems);
  }
  return route.handle(deps, { ...call, body: body?.data });
}

/** Does what a row says and answers with the status that went out. */
async function respond(
  route: Asking | Taking | Giving,
  deps: HttpDeps,
  request: Request,
  response: Response,
): Promise<number> {
  if ('send' in route) {
    await sendFile(response, await route.send(deps, enter(route, deps, request)));
    return 200;
  }
  const { status, body } = await ('receive' in route
    ? route.receive(deps, { ...enter(route, deps, request), file: receiveFile(request, route.takes) })
    : answer(route, deps, request));
  sendJson(response, status, body);
  return status;
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
      status = await respond(route, deps, request, response);
    } catch (error) {
      if (error instanceof AppError) status = error.status;
      throw error;
    } finally {
      observe((performance.now() - startedMs) / 1000, status);
    }
  };
}
