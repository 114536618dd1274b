import type { RequestListener } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { AppError, notFound } from '../platform/errors.ts';
import type { HttpDeps } from './deps.ts';
import { createErrorHandler, type ErrorHandler } from './handle-error.ts';
import { createMetricsPage, createReadyz, healthz } from './health.ts';
import { readPages } from './pages.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { serveRoute } from './serve-route.ts';

function methodNotAllowed(allowed: readonly string[]): RequestHandler {
  const allow = allowed.map((method) => method.toUpperCase()).join(', ');
  return () => {
    throw new AppError('METHOD_NOT_ALLOWED', `the path answers ${allow} only`, { status: 405, extra: { allow } });
  };
}

function mountRoutes(app: Express, routes: readonly Route[], deps: HttpDeps): void {
  for (const route of routes) {
    const handle = serveRoute(route, deps);
    app[route.method](route.path, (request, response) =>
      handle({ request, params: request.params as Record<string, string>, query: request.query }, response),
    );
  }
  for (const [path, sharing] of Map.groupBy(routes, ({ path }) => path)) {
    app.all(path, methodNotAllowed(sharing.map(({ method }) => method)));
  }
}

/**
 * Rows that are posted to and whose path has no parameter are found by one look-up, before express is asked: trying one
 * route after the other, and what else express does, was a tenth of the CPU of a settlement.
 */
function servePostsDirectly(
  routes: readonly Route[],
  deps: HttpDeps,
  app: Express,
  fail: ErrorHandler,
): RequestListener {
  const direct = routes.filter(({ method, path }) => method === 'post' && !path.includes(':'));
  const handlers = new Map(direct.map((route) => [route.path, serveRoute(route, deps)]));
  return (request, response) => {
    const handle = request.method === 'POST' ? handlers.get(request.url ?? '') : undefined;
    if (handle === undefined) app(request, response);
    else handle({ request, params: {}, query: {} }, response).catch((error: unknown) => fail(error, request, response));
  };
}

/** Puts the HTTP layer together. There is no middleware before the routes: what every request must pass costs every settlement. */
export function createHttpApp(deps: HttpDeps, routes: readonly Route[] = ROUTES): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');

  mountRoutes(app, routes, deps);

  app.get('/healthz', healthz);
  app.get('/readyz', createReadyz(deps));
  app.get('/metrics', createMetricsPage(deps));
  for (const [path, page] of Object.entries(readPages())) app.get(path, page);
  app.get('/', (_request, response) => response.redirect('/docs'));

  app.use(() => {
    throw notFound('path');
  });
  const fail = createErrorHandler(deps);
  // Express tells an error handler by its four parameters.
  const failing: ErrorRequestHandler = (error: unknown, request, response, _next) => fail(error, request, response);
  app.use(failing);
  return servePostsDirectly(routes, deps, app, fail);
}
