import type { RequestHandler } from 'express';
import type { HttpDeps, ReadinessCheck } from './deps.ts';
import { sendJson } from './respond.ts';

const PATIENCE_MS = 2_000;

/** Whether a part works, and does so within patience: a database that hangs is not ready either. */
async function works(check: ReadinessCheck): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, PATIENCE_MS, false);
  const sound = check().then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([sound, late]);
  clearTimeout(timer);
  return outcome;
}

/** `/healthz`: the process runs. */
export const healthz: RequestHandler = (_request, response) => sendJson(response, 200, { status: 'ok' });

/** `/readyz`: every part works; 503 with the parts that do not. */
export function createReadyz({ readiness }: Pick<HttpDeps, 'readiness'>): RequestHandler {
  return async (_request, response) => {
    const found = await Promise.all(
      Object.entries(readiness).map(async ([part, check]) => [part, (await works(check)) ? 'ok' : 'failed'] as const),
    );
    const ready = found.every(([, state]) => state === 'ok');
    sendJson(response, ready ? 200 : 503, { status: ready ? 'ok' : 'failed', parts: Object.fromEntries(found) });
  };
}

/** `/metrics`, as Prometheus reads them. */
export function createMetricsPage({ metrics }: Pick<HttpDeps, 'metrics'>): RequestHandler {
  return async (_request, response) => {
    const { type, body } = await metrics.text();
    response.writeHead(200, { 'content-type': type });
    response.end(body);
  };
}
