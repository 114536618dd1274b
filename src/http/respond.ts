import type { ServerResponse } from 'node:http';
import type { AppError, FieldProblem } from '../platform/errors.ts';
import type { Problem } from './schemas/problems.ts';

/** Answers are somebody's bills: no cache on the way may keep them. */
const NO_STORE = 'no-store';

/** Sends JSON in one write. By hand, because express's `json` computes types, charsets and tags that never change here. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  type = 'application/json; charset=utf-8',
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, {
    'content-type': type,
    'content-length': bytes,
    'cache-control': NO_STORE,
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  // A text of ASCII alone, as settlements are, is copied instead of encoded.
  response.end(text, bytes === text.length ? 'latin1' : 'utf8');
}

const RETRY_AFTER_SECONDS = '1';

function headersFor({ status, extra }: AppError): Record<string, string> {
  switch (status) {
    case 401:
      return { 'www-authenticate': 'Bearer' };
    case 405:
      return typeof extra['allow'] === 'string' ? { allow: extra['allow'] } : {};
    case 413:
      // What is left of the body is not read.
      return { connection: 'close' };
    case 429:
    case 503:
      return { 'retry-after': RETRY_AFTER_SECONDS };
    default:
      return {};
  }
}

/** BILL_CONFLICT → "Bill conflict". */
function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

interface ProblemFacts {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly help?: string | undefined;
  readonly retryable: boolean;
  readonly fields?: readonly FieldProblem[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

function problemOf(
  { code, status, detail, help, retryable, fields = [], extra = {} }: ProblemFacts,
  traceId: string,
): Problem {
  return {
    ...extra,
    type: `urn:tongjie:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titleOf(code),
    status,
    code,
    detail,
    help,
    retryable,
    traceId,
    fields: fields.length > 0 ? [...fields] : undefined,
  };
}

/** Sends an RFC 9457 problem document. */
export function sendProblem(response: ServerResponse, error: AppError, traceId: string): void {
  const { code, status, message: detail, help, retryable, fields, extra } = error;
  const problem = problemOf({ code, status, detail, help, retryable, fields, extra }, traceId);
  sendJson(response, status, problem, 'application/problem+json', headersFor(error));
}
