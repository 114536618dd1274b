import type { ServerResponse } from 'node:http';
import { AppError, invalidInput } from '../platform/errors.ts';
import { callerOf, requireKind } from './authenticate.ts';
import type { HttpDeps } from './deps.ts';
import { fieldProblems } from './field-problems.ts';
import { readJson } from './read-body.ts';
import { receiveFile } from './receive-file.ts';
import { sendJson } from './respond.ts';
import type { Asked, Call, Reply, Route } from './route.ts';
import { sendFile } from './send-file.ts';

/** Serves one row; rejects with what went wrong, which nobody has been told yet. */
export type RouteHandler = (asked: Asked, response: ServerResponse) => Promise<void>;

type Asking = Extract<Route, { handle: unknown }>;
type Taking = Extract<Route, { receive: unknown }>;
type Giving = Extract<Route, { send: unknown }>;

/** What every row asks for first: a caller who may, and a query of the right form. */
function enter({ callers, query }: Asking | Taking | Giving, deps: HttpDeps, asked: Asked): Omit<Call, 'body'> {
  const caller = callerOf(asked.request, deps.authenticate);
  requireKind(caller, callers);
  const read = query?.safeParse(asked.query);
  if (read?.success === false) throw invalidInput(fieldProblems(read.error.issues));
  return { caller, params: asked.params, query: read?.data };
}

async function answer(route: Asking, deps: HttpDeps, asked: Asked): Promise<Reply> {
  const call = enter(route, deps, asked);
  const sent = route.body === undefined ? undefined : await readJson(asked.request);
  if (route.quickYes?.(sent) === true) return route.handle(deps, { ...call, body: sent });
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
  asked: Asked,
  response: ServerResponse,
): Promise<number> {
  if ('send' in route) {
    await sendFile(response, await route.send(deps, enter(route, deps, asked)));
    return 200;
  }
  const { status, body } = await ('receive' in route
    ? route.receive(deps, { ...enter(route, deps, asked), file: receiveFile(asked.request, route.takes) })
    : answer(route, deps, asked));
  sendJson(response, status, body);
  return status;
}

/** Turns a row of the route table into what answers its requests. */
export function serveRoute(route: Route, deps: HttpDeps): RouteHandler {
  if ('stream' in route) {
    return (asked, response) => route.stream(deps, asked, response);
  }
  const observe = deps.metrics.timer(`${route.method.toUpperCase()} ${route.path}`);
  return async (asked, response) => {
    const startedMs = performance.now();
    let status = 500;
    try {
      status = await respond(route, deps, asked, response);
    } catch (error) {
      if (error instanceof AppError) status = error.status;
      throw error;
    } finally {
      observe((performance.now() - startedMs) / 1000, status);
    }
  };
}
