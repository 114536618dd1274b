import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../platform/errors.ts';
import type { HttpDeps } from './deps.ts';
import { sendProblem } from './respond.ts';

/** Express's own refusals (a path that cannot be decoded) carry a status and may quote the request: told anew. */
function isClientError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}

function bug(traceId: string): AppError {
  return new AppError('INTERNAL', 'something went wrong inside the engine', {
    status: 500,
    help: `report the trace id ${traceId}; the request may be sent again unchanged, nothing is done twice`,
  });
}

/** Tells a caller what went wrong with a request. */
export type ErrorHandler = (error: unknown, request: IncomingMessage, response: ServerResponse) => void;

/** The one error handler: what the world or the caller did wrong is told, a bug is logged and shown as a trace id. */
export function createErrorHandler({ log, newId }: Pick<HttpDeps, 'log' | 'newId'>): ErrorHandler {
  return (error, request, response) => {
    const traceId = newId();
    // The path without its query, which may hold a display's token.
    const facts = { traceId, method: request.method, path: request.url?.split('?', 1)[0] };
    if (response.headersSent) {
      log.error({ ...facts, err: error }, 'failed after the answer began');
      response.destroy();
      return;
    }
    if (error instanceof AppError) {
      const level = error.status >= 500 ? 'warn' : 'debug';
      log[level]({ ...facts, code: error.code, status: error.status, err: error.cause }, error.message);
      sendProblem(response, error, traceId);
      return;
    }
    if (isClientError(error)) {
      sendProblem(response, new AppError('BAD_REQUEST', 'the request line cannot be read', { status: 400 }), traceId);
      return;
    }
    log.error({ ...facts, err: error }, 'bug');
    sendProblem(response, bug(traceId), traceId);
  };
}
