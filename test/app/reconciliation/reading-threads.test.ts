import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StagedLines } from '../../../src/app/reconciliation/ports.ts';
import { readLines, type LinesJob, type LinesOut, type ReadLines } from '../../../src/app/reconciliation/read-lines.ts';
import { openReadingThreads, type ReadingThreads } from '../../../src/app/reconciliation/reading-threads.ts';

const HEADER = 'institutionId,businessDate,settlementId,billNumber,refund,personId,total,fundTotal,account';

describe('files read by threads', () => {
  let folder: string;
  let threads: ReadingThreads;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tongjie-threads-'));
    threads = openReadingThreads();
  });

  afterEach(async () => {
    await threads.close();
    rmSync(folder, { recursive: true });
  });

  function jobFor(fileName: string, lines: readonly string[]): LinesJob {
    const path = join(folder, fileName);
    const text = [HEADER, ...lines, ''].join('\n');
    writeFileSync(path, text);
    const about = { party: 'H1', businessDate: '2026-11-24', source: 'institution' } as const;
    return { ...about, path, bytes: Buffer.byteLength(text), fileName, folder: join(folder, 'staging') };
  }

  const lineFor = (no: number, refund: boolean): string =>
    `H1,2026-11-24,s${String(no).padStart(8, '0')},b${no},${refund ? '1,p,-' : '0,p,'}${no}.50,0,0`;
  const lines = (count: number, refund = false): string[] =>
    Array.from({ length: count }, (_, no) => lineFor(no + 1, refund));

  function listener(store: LinesOut['store'] = () => Promise.resolve()) {
    const stored: StagedLines[] = [];
    const told: Parameters<LinesOut['progress']>[] = [];
    const out: LinesOut = {
      progress: (...progress) => told.push(progress),
      store: (staged) => store(staged).then(() => void stored.push({ ...staged, bytes: Buffer.from(staged.bytes) })),
    };
    return { out, stored, told };
  }

  /** Form and totals, or problems; and everything that was staged. */
  async function allOf(read: ReadLines) {
    if ('problems' in read) return read;
    const { staging, ...rest } = read;
    let text = '';
    for (const section of staging.sections()) {
      for (let part = await section.read(); part !== ''; part = await section.read()) text += part;
    }
    await staging.close();
    return { ...rest, text };
  }

  it('are what they would be here, several at once and one after the other', async () => {
    const jobs = [
      jobFor('rising.csv', lines(30_000)),
      jobFor('falling.csv', lines(20_000).toReversed()),
      jobFor('refunds.csv', lines(25_000, true)),
      jobFor('wrong.csv', [...lines(3), lineFor(4, false).replace('.50', '.505')]),
      jobFor('empty.csv', []),
    ];
    const read = async (job: LinesJob) => {
      const { out, stored, told } = listener();
      const found = await allOf(await threads.read(job, out));
      return { found, stored, last: told.at(-1) };
    };
    const here = async (job: LinesJob) => {
      const { out, stored, told } = listener();
      const found = await allOf(await readLines(job, out));
      return { found, stored, last: told.at(-1) };
    };
    const expected = [];
    for (const job of jobs) expected.push(await here(job));
    expect(expected.map(({ found }) => 'text' in found && found.text.length > 0)).toEqual([
      ...[true, true],
      ...[false, false, false],
    ]);
    expect(expected[2]?.stored.map((staged) => staged.lines).reduce((sum, each) => sum + each, 0)).toBe(25_000);
    expect(await Promise.all(jobs.map(read))).toEqual(expected);
    for (const [at, job] of jobs.entries()) expect(await read(job)).toEqual(expected[at]);
    expect(readdirSync(join(folder, 'staging'))).toEqual([]);
  });

  it('wait until what they hand over is stored', async () => {
    let [storing, most] = [0, 0];
    const { out, stored } = listener(async () => {
      storing += 1;
      most = Math.max(most, storing);
      await sleep(20);
      storing -= 1;
    });
    await allOf(await threads.read(jobFor('refunds.csv', lines(60_000, true)), out));
    expect(stored.length).toBeGreaterThan(3);
    expect(most).toBe(1);
  });

  it('end with what storing fails with, and others are read after them', async () => {
    const { out } = listener(() => Promise.reject(new Error('the database is away')));
    const job = jobFor('refunds.csv', lines(25_000, true));
    await expect(threads.read(job, out)).rejects.toThrow('the database is away');
    expect(await allOf(await threads.read(job, listener().out))).toMatchObject({ form: { name: 'csv' } });
  });

  it('end with what the disk fails with', async () => {
    const job = { ...jobFor('day.csv', []), path: join(folder, 'nowhere') };
    await expect(threads.read(job, listener().out)).rejects.toThrow('ENOENT');
  });

  it('end when they are told to', async () => {
    const stopping = new AbortController();
    const { out } = listener(async () => {
      stopping.abort(new Error('enough'));
      await sleep(5);
    });
    const reading = threads.read(jobFor('refunds.csv', lines(100_000, true)), out, stopping.signal);
    await expect(reading).rejects.toThrow('enough');
    await expect(threads.read(jobFor('day.csv', []), out, stopping.signal)).rejects.toThrow('enough');
    expect(readdirSync(join(folder, 'staging'))).toEqual([]);
  });

  it('are refused when a ZIP file is damaged', async () => {
    const job = jobFor('day.zip', []);
    writeFileSync(job.path, 'PK and nothing more');
    const read = await threads.read(job, listener().out);
    expect('problems' in read && read.problems).toMatchObject([{ line: 0 }]);
  });
});
