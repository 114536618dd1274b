import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCsvBlocks } from '../../src/config/csv-blocks.ts';
import { readCsv } from '../../src/config/csv-reader.ts';
import { configFolder } from '../support/config-folder.ts';

async function all(text: string | Buffer) {
  const folder = configFolder({ 'a.csv': text as string });
  const rows = [];
  let error;
  for await (const block of readCsvBlocks(join(folder, 'a.csv'))) {
    rows.push(...block.rows);
    ({ error } = block);
  }
  return { rows, error };
}

it('reads megabytes as the whole file would be read, with quotes and lines across the blocks', async () => {
  const line = (at: number) =>
    at % 7 === 0 ? `${at},"a ""quoted""\n第二行, ${'x'.repeat(at % 50)}"` : `${at},中文 plain`;
  const text = Array.from({ length: 140_000 }, (_, at) => line(at)).join('\n');
  expect(Buffer.byteLength(text)).toBeGreaterThan(3_000_000);
  const { rows, error } = await all(text);
  expect(error).toBeUndefined();
  expect(rows).toEqual(readCsv(text).rows);
});

it('gives up on a quote that is never closed, and on what is not UTF-8', async () => {
  const { rows, error } = await all(`a,b\n"open${'x'.repeat(3_000_000)}`);
  expect([rows.length, error?.line]).toEqual([1, 2]);
  expect((await all(Buffer.from([0x61, 0x2c, 0xff, 0xfe]))).error?.reason).toContain('not UTF-8');
});
