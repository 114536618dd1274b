import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant } from '../../core/invariant.ts';
import type { SortedLines } from './sort-lines.ts';

/** What is read ahead of a file, all its sections together, and of one section: a hundred files are open at a time. */
const BYTES_AHEAD = 8 * 1024 ** 2;
const [CHUNK_MIN, CHUNK_MAX] = [8 * 1024, 128 * 1024];
const LF = 0x0a;

/** Lines of a file whose ids rise, on the local disk. */
export interface StagedSection {
  readonly firstId: string;
  /** The next lines, each with its line break; nothing at the end. */
  read(): Promise<string>;
}

/** A staging file on its way from one thread to another. */
export interface HandedFile {
  readonly handle: FileHandle;
  readonly sections: readonly Section[];
}

interface Section {
  readonly firstId: string;
  lastId: string;
  readonly from: number;
  to: number;
}

/**
 * Good lines of one file, kept on the local disk until they are compared: as one section where the file is in the order of
 * ids, as many where it is not. The file has no name: whatever becomes of the process, the disk is free again.
 */
export class StagingFile {
  readonly #handle: FileHandle;
  readonly #sections: Section[];
  #written = 0;

  private constructor(handle: FileHandle, sections: Section[]) {
    this.#handle = handle;
    this.#sections = sections;
  }

  static async open(folder: string): Promise<StagingFile> {
    await mkdir(folder, { recursive: true });
    // Named like what is being received, so that it is swept up with it should the process die right here.
    const path = join(folder, `${randomUUID()}.upload`);
    const handle = await open(path, 'wx+');
    await rm(path);
    return new StagingFile(handle, []);
  }

  /** A file that another thread has written to its end. */
  static takeOver({ handle, sections }: HandedFile): StagingFile {
    return new StagingFile(handle, [...sections]);
  }

  /** Gives the file away: it is not for this thread any more. */
  handOver(): HandedFile {
    return { handle: this.#handle, sections: this.#sections };
  }

  /** Adds some lines: to the last section if they go on from it, or as a new one. */
  async write({ bytes, first, last }: Pick<SortedLines, 'bytes' | 'first' | 'last'>): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, from, bytes.length - from, this.#written + from);
      from += bytesWritten;
    }
    const before = this.#sections.at(-1);
    const to = this.#written + bytes.length;
    if (before === undefined || first <= before.lastId) {
      this.#sections.push({ firstId: first, lastId: last, from: this.#written, to });
    } else {
      before.lastId = last;
      before.to = to;
    }
    this.#written = to;
  }

  sections(): readonly StagedSection[] {
    const chunkBytes = Math.max(CHUNK_MIN, Math.min(CHUNK_MAX, Math.floor(BYTES_AHEAD / this.#sections.length)));
    // One for all sections, which are read one after the other.
    const bytes = Buffer.allocUnsafeSlow(chunkBytes);
    return this.#sections.map(({ firstId, from, to }) => {
      let at = from;
      const read = async (): Promise<string> => {
        const { bytesRead } = await this.#handle.read(bytes, 0, Math.min(chunkBytes, to - at), at);
        const end = bytesRead === 0 ? 0 : bytes.lastIndexOf(LF, bytesRead - 1) + 1;
        invariant(end > 0 || at === to, 'what was staged can be read again');
        at += end;
        return bytes.toString('latin1', 0, end);
      };
      return { firstId, read };
    });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
