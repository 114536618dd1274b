import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SentFile } from './route.ts';

/** RFC 6266: a name in ASCII for old readers, and the name itself in UTF-8. Nothing of it can end the header. */
function dispositionOf(name: string): string {
  const clean = name.replaceAll(/[\p{Cc}\p{Cs}/\\]/gu, '_');
  const ascii = clean.replaceAll(/[^ -~]|["%]/g, '_');
  const encoded = encodeURIComponent(clean).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** Sends a file as fast as it is read on the other side. A failure after the first byte ends the connection. */
export async function sendFile(response: ServerResponse, { mediaType, name, bytes, content }: SentFile): Promise<void> {
  response.writeHead(200, {
    'content-type': mediaType,
    ...(bytes !== undefined && { 'content-length': bytes }),
    'content-disposition': dispositionOf(name),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'no-store',
  });
  try {
    await pipeline(Readable.from(content), response);
  } catch (error) {
    // A reader that goes away has what it wanted.
    const isGone = (error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE' && response.destroyed;
    if (!isGone) throw error;
  }
}
