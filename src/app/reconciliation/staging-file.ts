import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** A hundred files are open at a time. */
const CHUNK_BYTES = 128 * 1024;
const LF = 0x0a;

/**
 * Good lines of one file, kept on the local disk until they are compared. The file has no name: whatever becomes of the
 * process, the disk is free again.
 */
export class StagingFile {
  readonly #handle: FileHandle;
  #written = 0;
  #read = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(folder: string): Promise<StagingFile> {
    await mkdir(folder, { recursive: true });
    // Named like what is being received, so that it is swept up with it should the process die right here.
    const path = join(folder, `${randomUUID()}.upload`);
    const handle = await open(path, 'wx+');
    await rm(path);
    return new StagingFile(handle);
  }

  /** Adds whole lines. */
  async write(bytes: Buffer): Promise<void> {
    let from = 0;
    while (from < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from, this.#written);
      from += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  /** The next lines, each with its line break; nothing at the end. */
  async read(): Promise<string> {
    const bytes = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, this.#written - this.#read));
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, this.#read);
    const end = bytes.lastIndexOf(LF, bytesRead - 1) + 1;
    this.#read += end;
    return bytes.toString('latin1', 0, end);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
