import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { KeyStore, Principal } from '../app/ports.ts';
import { AppError } from '../platform/errors.ts';

/** A key in clear, as its owner holds it; the database has only its hash. */
export interface IssuedKey extends Principal {
  readonly key: string;
}

const KEY_BYTES = 32;
const OWNER_ONLY = 0o600;

const issuedKeys = z.array(
  z.strictObject({
    kind: z.enum(['institution', 'fund', 'clerk', 'operator', 'display']),
    id: z.string(),
    region: z.string().optional(),
    key: z.string().min(20),
  }),
);

/** Where the keys of a data folder lie. */
export function keyFileOf(dataDir: string): string {
  return join(dataDir, 'keys.json');
}

function readKeys(file: string): readonly IssuedKey[] {
  if (!existsSync(file)) return [];
  try {
    return issuedKeys.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new AppError('BAD_KEY_FILE', `${file} is not a list of keys`, {
      status: 500,
      help: 'restore the file, or move it away to have new keys made',
      cause,
    });
  }
}

function writeKeys(file: string, keys: readonly IssuedKey[]): void {
  // Renamed into place, so that a start that is killed here leaves the old file or the new one, never half of it.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: OWNER_ONLY });
  renameSync(unfinished, file);
}

/** Two counties may have a clerk of the same name. */
function isSame(one: Principal, other: Principal): boolean {
  return one.kind === other.kind && one.id === other.id && one.region === other.region;
}

/**
 * Makes sure that each principal has a key: kept in clear in `keys.json` (readable by its owner alone), as a hash in the
 * store. Keys that are there stay as they are.
 *
 * @throws AppError BAD_KEY_FILE
 */
export async function ensureKeys(
  dataDir: string,
  principals: readonly Principal[],
  store: KeyStore,
): Promise<readonly IssuedKey[]> {
  const file = keyFileOf(dataDir);
  const known = readKeys(file);
  const keys = principals.map(
    (principal) =>
      known.find((key) => isSame(key, principal)) ?? {
        ...principal,
        key: randomBytes(KEY_BYTES).toString('base64url'),
      },
  );
  const others = known.filter((key) => !keys.includes(key));
  if (keys.some((key) => !known.includes(key))) {
    mkdirSync(dataDir, { recursive: true });
    writeKeys(file, [...keys, ...others]);
  }
  // Every time: the database may be a new one beside an old file.
  await store.add(
    keys.map(({ key, ...principal }) => ({ keyHash: createHash('sha256').update(key).digest('hex'), principal })),
  );
  return keys;
}
