import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFile, spoolFile } from '../../src/platform/spooled-file.ts';

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('a received file', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tongjie-spool-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is there whole, with its size and hash', async () => {
    const file = await spoolFile(chunks('a,b\n', '1,2\n'), folder);
    expect(readFileSync(file.path, 'utf8')).toBe('a,b\n1,2\n');
    expect(file).toEqual(await describeFile(file.path));
    expect(file.bytes).toBe(8);
  });

  it('leaves nothing behind where it breaks off, at whatever moment', async () => {
    for (let turn = 0; turn < 40; turn += 1) {
      const gate = Promise.withResolvers<undefined>();
      async function* breaksOff(): AsyncGenerator<Uint8Array> {
        await gate.promise;
        throw new Error('the connection ended');
      }
      const files = Promise.allSettled(Array.from({ length: 50 }, () => spoolFile(breaksOff(), folder)));
      await new Promise((resolve) => setTimeout(resolve, turn % 4));
      gate.resolve(undefined);
      expect((await files).every(({ status }) => status === 'rejected')).toBe(true);
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});
