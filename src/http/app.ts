import express, { type Express, type RequestHandler } from 'express';
import { AppError, notFound } from '../platform/errors.ts';
import type { HttpDeps } from './deps.ts';
import { createErrorHandler } from './handle-error.ts';
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
  for (const route of routes) app[route.method](route.path, serveRoute(route, deps));
  for (const [path, sharing] of Map.groupBy(routes, ({ path }) => path)) {
    app.all(path, methodNotAllowed(sharing.map(({ method }) => method)));
  }
}

/** Puts the HTTP layer together. There is no middleware before the routes: what every request must pass costs every settlement. */
export function createHttpApp(deps: HttpDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');

  mountRoutes(app, ROUTES, deps);

  app.get('/healthz', healthz);
  app.get('/readyz', createReadyz(deps));
  app.get('/metrics', createMetricsPage(deps));
  for (const [path, page] of Object.entries(readPages())) app.get(path, page);
  app.get('/', (_request, response) => response.redirect('/docs'));

  app.use(() => {
    throw notFound('path');
  });
  app.use(createErrorHandler(deps));
  return app;
}
