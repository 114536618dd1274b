import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** Populations of other sizes and of other branches; each of a million persons is about a gigabyte and a half. */
const KEPT = 3;
const NAME = /^population-[0-9a-f]{16}$/;

function cacheFolder(): string {
  return process.env['BENCH_CACHE'] ?? join(tmpdir(), 'tongjie-bench-cache');
}

/** A hash of what a population is made from: the tables, the code that fills them, and whatever else is named. */
export function populationKey(sources: readonly string[], named: readonly (string | number)[]): string {
  const migrations = join(ROOT, 'migrations');
  const files = readdirSync(migrations)
    .sort()
    .map((name) => join(migrations, name));
  const hash = createHash('sha256').update(JSON.stringify(named));
  for (const file of [...files, ...sources]) hash.update(basename(file)).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function forgetOldest(cache: string): void {
  const byAge = readdirSync(cache)
    .filter((name) => NAME.test(name))
    .map((name) => ({ folder: join(cache, name), usedAt: statSync(join(cache, name)).mtimeMs }))
    .sort((left, right) => right.usedAt - left.usedAt);
  for (const { folder } of byAge.slice(KEPT)) rmSync(folder, { recursive: true, force: true });
}

/**
 * A folder that is made once for a key and kept for later runs, in BENCH_CACHE or among the temporary files. It is there
 * under its name only when it is whole; the last few that were used are kept.
 */
export async function cachedFolder(key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheFolder();
  mkdirSync(cache, { recursive: true });
  const folder = join(cache, `population-${key}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.of-${process.pid}`;
    try {
      await make(unfinished);
      // Another run may have been quicker: what it made is the same.
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const now = new Date();
  utimesSync(folder, now, now);
  forgetOldest(cache);
  return folder;
}
