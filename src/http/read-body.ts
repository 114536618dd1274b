import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { AppError } from '../platform/errors.ts';
import { locateJsonError } from './locate-json-error.ts';

/** The largest body that is read: a thousand long lines are half of it. */
export const BODY_MAX_BYTES = 2 * 1024 * 1024;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i;
const JSON_CHARSET = /; *charset *= *"?(?!utf-?8)/i;

function tooLarge(): AppError {
  return new AppError('BODY_TOO_LARGE', `the body is larger than ${BODY_MAX_BYTES} bytes`, {
    status: 413,
    help: 'a bill has at most 1000 lines',
  });
}

function checkHeaders({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  const isPlain = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
  if (!JSON_TYPE.test(type) || JSON_CHARSET.test(type) || !isPlain) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'the body must be application/json in UTF-8, not compressed', {
      status: 415,
      help: 'send the header "Content-Type: application/json"',
    });
  }
  if (Number(headers['content-length'] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) {
        chunks.length = 0;
        request.removeAllListeners('data').resume();
        reject(tooLarge());
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () =>
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)),
    );
    const gone = () => {
      if (request.complete) return;
      reject(new AppError('REQUEST_ABORTED', 'the connection ended inside the body', { status: 400 }));
    };
    request.on('error', gone);
    request.on('close', gone);
  });
}

function malformed(message: string, extra: Record<string, unknown> = {}): AppError {
  return new AppError('MALFORMED_JSON', message, { status: 400, help: 'send one JSON object in UTF-8', extra });
}

/**
 * Reads the body once, from its bytes, as JSON.
 *
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, MALFORMED_JSON (with line and column), REQUEST_ABORTED
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  checkHeaders(request);
  const body = await collect(request);
  if (!isUtf8(body)) throw malformed('the body is not UTF-8');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    const { line, column } = locateJsonError(text);
    const what = text.length === 0 ? 'the body is empty' : `the body is not JSON at line ${line}, column ${column}`;
    throw malformed(what, { line, column });
  }
}
