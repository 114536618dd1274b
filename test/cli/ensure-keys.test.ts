import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyStore, Principal } from '../../src/app/ports.ts';
import { ensureKeys, keyFileOf } from '../../src/cli/ensure-keys.ts';

const HOSPITAL: Principal = { kind: 'institution', id: 'H33042100001' };
const FUND: Principal = { kind: 'fund', id: '330421' };

describe('keys', () => {
  let dataDir: string;
  let stored: Map<string, Principal>;
  let store: KeyStore;

  beforeEach(() => {
    dataDir = join(mkdtempSync(join(tmpdir(), 'tongjie-keys-')), 'data');
    stored = new Map();
    store = {
      add: async (keys) => keys.forEach(({ keyHash, principal }) => stored.set(keyHash, principal)),
      all: async () => Array.from(stored, ([keyHash, principal]) => ({ keyHash, principal })),
    };
  });

  afterEach(() => {
    rmSync(join(dataDir, '..'), { recursive: true });
  });

  it('are made once: in clear for their owner alone, as a hash in the store', async () => {
    const keys = await ensureKeys(dataDir, [HOSPITAL, FUND], store);
    expect(keys.map(({ kind, id }) => ({ kind, id }))).toEqual([HOSPITAL, FUND]);
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
    expect(statSync(keyFileOf(dataDir)).mode & 0o777).toBe(0o600);
    expect(stored.get(createHash('sha256').update(keys[0]!.key).digest('hex'))).toEqual(HOSPITAL);
    expect(await ensureKeys(dataDir, [HOSPITAL, FUND], store)).toEqual(keys);
    expect(stored.size).toBe(2);
  });

  it('stay when a principal is added', async () => {
    const [before] = await ensureKeys(dataDir, [HOSPITAL], store);
    const [added, kept] = await ensureKeys(dataDir, [FUND, HOSPITAL], store);
    expect(kept).toEqual(before);
    expect(added!.key).not.toBe(kept!.key);
    expect(stored.size).toBe(2);
  });

  it('are of one county each, also where clerks of two have the same name', async () => {
    const clerks: Principal[] = ['310118', '330421'].map((region) => ({ kind: 'clerk', id: 'wang', region }));
    const keys = await ensureKeys(dataDir, clerks, store);
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2);
    expect([...stored.values()]).toEqual(clerks);
    expect(await ensureKeys(dataDir, clerks, store)).toEqual(keys);
  });

  it('come back into a database that was emptied', async () => {
    const [key] = await ensureKeys(dataDir, [HOSPITAL], store);
    stored.clear();
    expect(await ensureKeys(dataDir, [HOSPITAL], store)).toEqual([key]);
    expect([...stored.values()]).toEqual([HOSPITAL]);
  });

  it('are not overwritten when their file is damaged', async () => {
    await ensureKeys(dataDir, [HOSPITAL], store);
    writeFileSync(keyFileOf(dataDir), '[{"kind"');
    await expect(ensureKeys(dataDir, [HOSPITAL], store)).rejects.toMatchObject({ code: 'BAD_KEY_FILE' });
    expect(readFileSync(keyFileOf(dataDir), 'utf8')).toBe('[{"kind"');
  });
});
