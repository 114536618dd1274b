import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idOf, LineCursor, type LineGroup } from '../../../src/app/reconciliation/line-cursor.ts';
import type { ComparedText } from '../../../src/app/reconciliation/ports.ts';
import { sortLines } from '../../../src/app/reconciliation/sort-lines.ts';
import { StagingFile } from '../../../src/app/reconciliation/staging-file.ts';

/** Accounts are of 1, 10 or 100 fen: each begins like the others. */
const lineOf = (id: string, lineNo: number) => `${id}\t0\tp\t7\t0\t${10 ** (lineNo % 3)}\t${lineNo}\tv\t\\N`;
const textOf = (line: string): ComparedText => line.split('\t').slice(0, 6).join('\t');
const byId = (left: string, right: string) => (idOf(left) < idOf(right) ? -1 : idOf(left) > idOf(right) ? 1 : 0);

async function* pagesOf(texts: readonly ComparedText[], size: number): AsyncGenerator<readonly ComparedText[]> {
  for (let from = 0; from < texts.length; from += size) yield texts.slice(from, from + size);
}

describe('the lines of a file', () => {
  let folder: string;
  let staging: StagingFile;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tongjie-cursor-'));
    staging = await StagingFile.open(folder);
  });

  afterEach(async () => {
    await staging.close();
    rmSync(folder, { recursive: true });
  });

  /** Stages lines part by part; answers with what there was no place for. */
  async function stage(into: StagingFile, lines: readonly string[], size: number): Promise<string[]> {
    const left: string[] = [];
    for (let from = 0; from < lines.length; from += size) {
      const part = lines.slice(from, from + size);
      const isRising = part.every((line, at) => at === 0 || byId(part[at - 1]!, line) < 0);
      const bytes = Buffer.from(part.map((line) => `${line}\n`).join(''));
      const sorted = sortLines({ lines: part.length, bytes }, isRising);
      await into.write(sorted);
      left.push(...sorted.repeating.bytes.toString().split('\n').slice(0, -1));
    }
    return left;
  }

  function expectedGroups(staged: readonly string[], stored: readonly ComparedText[]): Omit<LineGroup, 'first'>[] {
    const ids = [...new Set([...staged, ...stored].map(idOf))].sort();
    return ids.map((settlementId) => {
      const of = staged.filter((line) => idOf(line) === settlementId);
      const lines = of.length + stored.filter((text) => idOf(text) === settlementId).length;
      return { settlementId, lines, staged: of.sort() };
    });
  }

  async function groupsOf(cursor: LineCursor): Promise<LineGroup[]> {
    const groups: LineGroup[] = [];
    for (let group = await cursor.next(); group !== undefined; group = await cursor.next()) {
      groups.push(group);
      cursor.skip();
    }
    return groups;
  }

  it('have no name on the disk from the beginning', () => {
    expect(readdirSync(folder)).toEqual([]);
  });

  it('come in the order of ids, all about an id together, however they lie', async () => {
    const id = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('-', '0', 'A', '_', 'a') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(id, { maxLength: 60 }),
        fc.array(id, { maxLength: 10 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        async (ids, storedIds, size, pageSize) => {
          const file = await StagingFile.open(folder);
          const lines = ids.map(lineOf);
          const repeating = await stage(file, lines, size);
          const stored = [...repeating, ...storedIds.map(lineOf)].map(textOf).sort();
          const groups = await groupsOf(new LineCursor(file.sections(), pagesOf(stored, pageSize)));
          const staged = lines.filter((line) => !repeating.includes(line));
          const found = groups.map(({ settlementId, lines: count, staged: of }) => {
            return { settlementId, lines: count, staged: [...of].sort() };
          });
          expect(found).toEqual(expectedGroups(staged, stored));
          for (const { first, lines: count, staged: of } of groups) {
            if (count === 1 && of.length === 1) expect(first).toBe(textOf(of[0]!));
          }
          await file.close();
        },
      ),
    );
  });

  it('are passed by one that is alone and says the same, and by no other', async () => {
    const id = fc.string({ minLength: 1, maxLength: 2, unit: fc.constantFrom('-', '0', 'a') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(id, { maxLength: 30 }),
        fc.array(id, { maxLength: 5 }),
        fc.array(fc.tuple(id, fc.nat(2)), { maxLength: 30 }),
        fc.integer({ min: 1, max: 10 }),
        async (ids, storedIds, asked, size) => {
          const file = await StagingFile.open(folder);
          const lines = ids.map(lineOf);
          const stored = [...(await stage(file, lines, size)), ...storedIds.map(lineOf)].map(textOf).sort();
          const all = [...lines.map(textOf), ...storedIds.map(lineOf).map(textOf)];
          const cursor = new LineCursor(file.sections(), pagesOf(stored, 2));
          // Our rows, each id once and in order; as a comparison goes through them.
          const ours = new Map(asked.map(([ourId, figure]) => [ourId, textOf(lineOf(ourId, figure))]));
          for (const text of [...ours.values()].sort(byId)) {
            const same = all.filter((each) => idOf(each) === idOf(text));
            const agrees = same.length === 1 && same[0] === text;
            if (cursor.takeOnly(text)) {
              expect(agrees).toBe(true);
              continue;
            }
            let group = await cursor.next();
            for (; group !== undefined && group.settlementId < idOf(text); group = await cursor.next()) cursor.skip();
            const isFound = group?.settlementId === idOf(text);
            expect(isFound ? group!.lines : 0).toBe(same.length);
            expect(isFound && group!.lines === 1 && group!.first === text).toBe(agrees);
            if (isFound) cursor.skip();
          }
          await file.close();
        },
      ),
    );
  });

  it('are never one alone where the next part begins with the same id', async () => {
    const lines = ['a', 'b', 'b', 'c'].map(lineOf);
    await stage(staging, lines, 2);
    const cursor = new LineCursor(staging.sections(), pagesOf([], 1));
    await cursor.next();
    cursor.skip();
    expect(cursor.takeOnly(textOf(lines[1]!))).toBe(false);
    expect(await cursor.next()).toMatchObject({ settlementId: 'b', lines: 2 });
  });

  it('are not passed while others before them wait', async () => {
    const lines = ['a', 'b', 'c'].map(lineOf);
    await stage(staging, lines, 3);
    const cursor = new LineCursor(staging.sections(), pagesOf([], 1));
    expect(await cursor.next()).toMatchObject({ settlementId: 'a' });
    expect(cursor.takeOnly(textOf(lines[1]!))).toBe(false);
    expect(await cursor.next()).toMatchObject({ settlementId: 'a' });
    cursor.skip();
    expect(cursor.takeOnly(textOf(lines[1]!))).toBe(true);
    expect(await cursor.next()).toMatchObject({ settlementId: 'c' });
  });

  it('are one section where they are in order, and read whole where they are many', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => lineOf(String(at * 7).padStart(9, '0'), at));
    expect(await stage(staging, lines, 1000)).toEqual([]);
    expect(staging.sections()).toHaveLength(1);
    const cursor = new LineCursor(staging.sections(), pagesOf([], 1));
    let taken = 0;
    for (const line of lines) {
      if (cursor.takeOnly(textOf(line))) taken += 1;
      else {
        expect((await cursor.next())?.staged).toEqual([line]);
        cursor.skip();
      }
    }
    expect(await cursor.next()).toBeUndefined();
    // Nearly all: one has to be looked at for every chunk.
    expect(taken).toBeGreaterThan(29_900);
  });

  it('are all there when they are in no order', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => lineOf(String((at * 7919) % 30_000).padStart(9, '0'), at));
    expect(await stage(staging, lines, 1000)).toEqual([]);
    expect(staging.sections().length).toBeGreaterThan(20);
    const groups = await groupsOf(new LineCursor(staging.sections(), pagesOf([], 1)));
    expect(groups.flatMap(({ staged }) => staged)).toEqual([...lines].sort());
  });
});
