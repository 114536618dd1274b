import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileDraft, MaterialFiles } from '../../app/casework/ports.ts';
import { AppError } from '../../platform/errors.ts';

const HASH = /^[0-9a-f]{64}$/;
const MINE_ONLY = 0o600;

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function refuseStorage(cause: unknown): AppError {
  return new AppError('FILES_UNAVAILABLE', 'the folder of materials cannot be used', {
    status: 503,
    retryable: true,
    help: 'is there room left under DATA_DIR, and may this process write there?',
    cause,
  });
}

async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw refuseStorage(error);
  }
}

/** A new name in a folder survives a power cut only when the folder is synced, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isOlder(path: string, beforeMs: number): Promise<boolean> {
  const found = await orAbsent(stat(path));
  return found !== undefined && found.mtimeMs < beforeMs;
}

async function beginDraft(drafts: string, pathOf: (sha256: string) => readonly [folder: string, path: string]) {
  const path = join(drafts, randomBytes(12).toString('hex'));
  await mkdir(drafts, { recursive: true });
  const handle: FileHandle = await open(path, 'wx', MINE_ONLY);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  const draft: FileDraft = {
    async write(chunk) {
      try {
        await handle.writeFile(chunk);
      } catch (error) {
        throw refuseStorage(error);
      }
    },
    async keep(sha256) {
      const [folder, kept] = pathOf(sha256);
      try {
        await handle.sync();
        await close();
        await mkdir(folder, { recursive: true });
        await rename(path, kept);
        await syncFolder(folder);
      } catch (error) {
        throw refuseStorage(error);
      }
    },
    async discard() {
      await close();
      await orAbsent(unlink(path));
    },
  };
  return draft;
}

/**
 * Files by content under a folder of their own: `ab/ab12…` for what is kept, `drafts/` for what is being written. With several
 * machines the folder must be one that they share.
 */
export function createMaterialFiles(folder: string): MaterialFiles {
  const drafts = join(folder, 'drafts');
  const pathOf = (sha256: string) => {
    const own = join(folder, sha256.slice(0, 2));
    return [own, join(own, sha256)] as const;
  };
  const namesIn = async (path: string) => (await orAbsent(readdir(path))) ?? [];

  return {
    async begin() {
      try {
        return await beginDraft(drafts, pathOf);
      } catch (error) {
        throw refuseStorage(error);
      }
    },

    async open(sha256) {
      const handle = await orAbsent(open(pathOf(sha256)[1], 'r'));
      return handle === undefined ? undefined : createReadStream('', { fd: handle });
    },

    async has(sha256) {
      return (await orAbsent(stat(pathOf(sha256)[1])))?.isFile() === true;
    },

    async kept(prefix, writtenBeforeMs) {
      const own = join(folder, prefix);
      const kept: string[] = [];
      for (const name of await namesIn(own)) {
        if (HASH.test(name) && (await isOlder(join(own, name), writtenBeforeMs))) kept.push(name);
      }
      return kept;
    },

    async remove(sha256, writtenBeforeMs) {
      const [, path] = pathOf(sha256);
      if (!(await isOlder(path, writtenBeforeMs))) return false;
      await orAbsent(unlink(path));
      return true;
    },

    async removeDrafts(writtenBeforeMs) {
      let removed = 0;
      for (const name of await namesIn(drafts)) {
        const path = join(drafts, name);
        if (!(await isOlder(path, writtenBeforeMs))) continue;
        await orAbsent(unlink(path));
        removed += 1;
      }
      return removed;
    },
  };
}
