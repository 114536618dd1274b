import type { Request, RequestHandler } from 'express';
import { AppError, invalidInput } from '../platform/errors.ts';
import { callerOf, requireKind } from './authenticate.ts';
import type { HttpDeps } from './deps.ts';
import { fieldProblems } from './field-problems.ts';
import { readJson } from './read-body.ts';
import { sendJson } from './respond.ts';
import type { Reply, Route } from './route.ts';

type Asking = Extract<Route, { handle: unknown }>;

async function answer(route: Asking, deps: HttpDeps, request: Request): Promise<Reply> {
  const caller = callerOf(request, deps.authenticate);
  requireKind(caller, route.callers);
  const query = route.query?.safeParse(request.query);
  if (query?.success === false) throw invalidInput(fieldProblems(query.error.issues));
  const sent = route.body === undefined ? undefined : await readJson(request);
  const body = route.body?.safeParse(sent);
  if (body?.success === false) {
    const problems = fieldProblems(body.error.issues);
    throw invalidInput(route.explain?.(deps, caller, sent, problems) ?? problems);
  }
  const params = request.params as Record<string, string>;
  return route.handle(deps, { caller, params, query: query?.data, body: body?.data });
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
