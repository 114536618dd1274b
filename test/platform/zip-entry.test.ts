import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { openZipEntry } from '../../src/platform/zip-entry.ts';
import { renamed, zipOf } from '../support/zip-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tongjie-zip-'));
const LINES = Array.from({ length: 500 }, (_, index) => `line ${index * 7919}`).join('\n');
const MAX = 1_000_000;

async function open(zip: Buffer, bytesMax = MAX) {
  const path = join(folder, 'sent.zip');
  writeFileSync(path, zip);
  const entry = await openZipEntry(path, bytesMax);
  return { ...entry, content: await text(entry.stream) };
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('the one entry of a ZIP file', () => {
  it('is read unpacked, with its name and size', async () => {
    expect(await open(await zipOf({ '3202.txt': LINES }))).toMatchObject({
      name: '3202.txt',
      bytes: LINES.length,
      content: LINES,
    });
    expect((await open(await zipOf({ 'empty.txt': '' }))).content).toBe('');
  });

  const refused = (problem: RegExp): object => ({ code: 'BAD_ZIP', message: expect.stringMatching(problem) as string });

  it('is refused when the archive is cut short, at any place', async () => {
    const zip = await zipOf({ '3202.txt': LINES });
    for (const end of [0, 1, 30, Math.floor(zip.length / 2), zip.length - 23, zip.length - 1]) {
      await expect(open(zip.subarray(0, end))).rejects.toMatchObject(refused(/cut short|damaged/));
    }
    await expect(open(Buffer.from(LINES))).rejects.toMatchObject(refused(/cut short/));
  });

  it('is refused when a byte of it is another one', async () => {
    const zip = await zipOf({ '3202.txt': LINES });
    const stored = Buffer.from(zip);
    const middle = zip.indexOf('3202.txt') + 200;
    stored[middle] = (stored[middle] ?? 0) ^ 0x55;
    await expect(open(stored)).rejects.toMatchObject(refused(/damaged/));
  });

  it('is refused when there are several, or none, or it lies in a folder', async () => {
    await expect(open(await zipOf({ 'a.txt': LINES, 'b.txt': LINES }))).rejects.toMatchObject(refused(/2 entries/));
    await expect(open(await zipOf({}))).rejects.toMatchObject(refused(/0 entries/));
    await expect(open(await zipOf({ 'in/a.txt': LINES }))).rejects.toMatchObject(refused(/folder/));
    const plain = await zipOf({ 'xx-xx-a.txt': LINES });
    for (const name of ['../../a.txt', '/etc/aa.txt', 'C:/xx/a.txt', '..\\..\\a.txt']) {
      await expect(open(renamed(plain, 'xx-xx-a.txt', name))).rejects.toMatchObject(
        refused(/cut short, damaged|folder/),
      );
    }
  });

  it('is refused when it is made to fill a disk', async () => {
    await expect(open(await zipOf({ 'bomb.txt': Buffer.alloc(20_000_000) }), 1e9)).rejects.toMatchObject(
      refused(/200 times/),
    );
    await expect(open(await zipOf({ 'a.txt': LINES }), 100)).rejects.toMatchObject(refused(/more than 100 bytes/));
    // An archive that lies about the size is caught while it is read.
    const zip = await zipOf({ 'a.txt': Buffer.alloc(300_000) });
    const lying = Buffer.from(zip);
    for (
      let at = lying.indexOf(Buffer.from([0xe0, 0x93, 0x04, 0]));
      at !== -1;
      at = lying.indexOf(Buffer.from([0xe0, 0x93, 0x04, 0]))
    ) {
      lying.writeUInt32LE(1000, at);
    }
    await expect(open(lying)).rejects.toMatchObject(refused(/damaged/));
  });

  it('is not there when the file is not', async () => {
    await expect(openZipEntry(join(folder, 'none.zip'), MAX)).rejects.toThrow(/ENOENT/);
  });
});
