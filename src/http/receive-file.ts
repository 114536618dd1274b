import type { IncomingMessage } from 'node:http';
import { AppError } from '../platform/errors.ts';
import type { ReceivedFile } from './route.ts';

/** What a route takes. */
export interface FileBounds {
  readonly mediaTypes: readonly string[];
  readonly bytesMax: number;
}

function tooLarge(bytesMax: number): AppError {
  return new AppError('FILE_TOO_LARGE', `the file is larger than ${bytesMax} bytes`, {
    status: 413,
    help: 'nothing of it was kept; send a smaller file',
  });
}

function aborted(cause?: unknown): AppError {
  return new AppError('REQUEST_ABORTED', 'the connection ended inside the file', { status: 400, cause });
}

/** Counts while it passes on. Stopping early leaves the connection open, so that the refusal can still be answered. */
async function* boundedContent(request: IncomingMessage, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Uint8Array).byteLength;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (error instanceof AppError || !request.destroyed) throw error;
    throw aborted(error);
  } finally {
    // What nobody reads any more is let pass, or the caller would never come to read the answer.
    request.resume();
  }
  if (!request.complete) throw aborted();
}

/**
 * Looks at the headers of a request whose body is a file; reads nothing yet.
 *
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, FILE_TOO_LARGE (by its declared length)
 */
export function receiveFile(request: IncomingMessage, { mediaTypes, bytesMax }: FileBounds): ReceivedFile {
  const { headers } = request;
  const [mediaType = '', ...parameters] = (headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const isPlain = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
  if (!mediaTypes.includes(mediaType) || !isPlain) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `the body must be ${mediaTypes.join(' or ')}, not compressed`, {
      status: 415,
      help: `send the file itself as the body, with the header "Content-Type: ${mediaTypes[0] ?? ''}"`,
    });
  }
  const length = headers['content-length'];
  const declaredBytes = length === undefined ? undefined : Number(length);
  if (declaredBytes !== undefined && declaredBytes > bytesMax) throw tooLarge(bytesMax);
  const charset = parameters.find((parameter) => /^charset *=/.test(parameter));
  return {
    mediaType,
    charset: charset?.replace(/^charset *= *"?([^"]*)"?$/, '$1'),
    declaredBytes,
    content: boundedContent(request, bytesMax),
  };
}
