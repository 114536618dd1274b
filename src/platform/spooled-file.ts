import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file that was received whole, with its SHA-256. */
export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const CHUNK_BYTES = 256 * 1024;
const ZIP_MAGIC = Buffer.from('PK');

/** Size and SHA-256 of a file that is there already. */
export async function describeFile(path: string): Promise<SpooledFile> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: sum.digest('hex') };
}

/**
 * Writes a stream down in a folder, so that it can be told from others before it is read, and read from its end. What
 * breaks off leaves nothing behind; whoever hands the stream in keeps it bounded.
 *
 * @throws what the stream fails with
 */
export async function spoolFile(stream: AsyncIterable<Uint8Array>, folder: string): Promise<SpooledFile> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${randomUUID()}.upload`);
  const sum = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      bytes += chunk.length;
      sum.update(chunk);
      yield chunk;
    }
  }
  // Open before anything can fail: a stream that opens by itself may still create the file after it was removed.
  const file = await open(path, 'wx');
  try {
    await pipeline(counted(), file.createWriteStream());
    return { path, bytes, sha256: sum.digest('hex') };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Whether a file begins as ZIP files do. */
export async function isZipFile(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ZIP_MAGIC.length), 0, ZIP_MAGIC.length, 0);
    return bytesRead === ZIP_MAGIC.length && buffer.equals(ZIP_MAGIC);
  } finally {
    await file.close();
  }
}

/** The bytes of a file, in chunks that are worked off in a few milliseconds each; a chunk is good until the next is asked for. */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  // One is read while the other is worked off; new ones for every chunk would be most of the garbage that reading makes.
  let [current, other] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  let reading = file.read(current, 0, CHUNK_BYTES);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      const chunk = current.subarray(0, bytesRead);
      [current, other] = [other, current];
      reading = file.read(current, 0, CHUNK_BYTES);
      // Its failure is the next chunk's, if anybody still asks for it.
      reading.catch(() => undefined);
      yield chunk;
    }
  } finally {
    await Promise.allSettled([reading]);
    await file.close();
  }
}
