import { rmSync } from 'node:fs';
import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginRun, type SentFile } from '../../../src/app/reconciliation/begin-run.ts';
import { compareFiles } from '../../../src/app/reconciliation/compare-files.ts';
import { matchRuns } from '../../../src/app/reconciliation/match-runs.ts';
import { readFile } from '../../../src/app/reconciliation/read-file.ts';
import { openReadingThreads } from '../../../src/app/reconciliation/reading-threads.ts';
import {
  beginFile,
  finishFiles,
  reconcileFiles,
  type ReconcileDeps,
} from '../../../src/app/reconciliation/reconcile-files.ts';
import type { Database } from '../../../src/db/open-database.ts';
import {
  openBooks,
  HOSPITAL,
  insertDay,
  OTHER_HOSPITAL,
  plantDay,
  type PlantedDay,
} from '../../support/planted-day.ts';
import {
  allDifferences,
  chsText,
  csvText,
  lineFor,
  reconcile,
  reconcilingDeps,
  STAGING_FOLDER,
  stagingLeft,
  told,
  withFile,
} from '../../support/reconciliation-day.ts';
import { zipOf } from '../../support/zip-files.ts';

const DATE = '2026-11-25';
const NOW = 1_795_100_000_000;
const threads = openReadingThreads();
const hospital = { source: 'institution', party: HOSPITAL, region: '330421', businessDate: DATE } as const;

const KEPT = ['reconciliation_line', 'reconciliation_unmatched'];
const TABLES = ['reconciliation_run', 'reconciliation_difference', ...KEPT];

describe.each(['sqlite', 'mariadb'] as const)('runs of files on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;
  let database: Database;
  let knex: Knex;
  let day: PlantedDay;

  beforeAll(async () => {
    books = await openBooks(engine);
    ({ database, knex } = books);
    day = plantDay(400, 'institution');
    await insertDay(knex, day);
  });

  beforeEach(async () => {
    for (const table of TABLES) await knex(table).del();
  });

  afterAll(async () => {
    await threads.close();
    await books.close();
    rmSync(STAGING_FOLDER, { recursive: true, force: true });
  });

  const depsAt = (nowMs: number): ReconcileDeps => reconcilingDeps(database, nowMs);
  const send = (content: string | Buffer, about: Partial<Omit<SentFile, 'file'>> = {}, nowMs = NOW) =>
    withFile(content, { ...hospital, fileName: 'day.csv', ...about }, (sent) => reconcile(database, sent, nowMs));
  const counts = async () => {
    const of = async (table: string) => Number((await knex(table).count({ n: '*' }))[0]!.n);
    return {
      runs: await of('reconciliation_run'),
      kept: (await of('reconciliation_line')) + (await of('reconciliation_unmatched')),
      differences: await of('reconciliation_difference'),
    };
  };
  const good = () => csvText(day.lines, hospital);

  it('are the same run for the same file, however often it is sent', async () => {
    const first = await send(good());
    expect(first.state).toBe('matched');
    const before = await counts();
    expect(await send(good(), { fileName: 'again.csv' })).toEqual(first);
    expect(await counts()).toEqual(before);
  });

  it('are one run when the same file is sent by two at once', async () => {
    const states = await Promise.all([send(good()), send(good())]);
    expect(new Set(states.map(({ runId }) => runId)).size).toBe(1);
    const found = await allDifferences(database, states[0].runId);
    expect(found.map(told).sort()).toEqual(day.differences(day.lines, 2));
    expect(await counts()).toEqual({ runs: 1, kept: 0, differences: found.length });
  });

  it('give way to a later file of the same day', async () => {
    const first = await send(good());
    const second = await send(csvText(day.lines.slice(1), hospital));
    expect([second.state, (await database.reconciliation.runs.find(first.runId))!.state]).toEqual([
      'matched',
      'superseded',
    ]);
    const decision = { runId: first.runId, differenceNo: 1, by: 'wang', atMs: 1, reason: 'late' };
    expect(await database.reconciliation.differences.refuse(decision)).toBe(false);
  });

  it('are refused with line and column, and nothing of them is left', async () => {
    const bad = good().replace(/^(.*\n.*\n.*)(,\d+\.\d\d,)/, '$1,1.005,');
    const run = await send(bad);
    expect(run).toMatchObject({ state: 'refused', problems: [{ line: 3, problem: 'has more than two decimals' }] });
    expect(await counts()).toEqual({ runs: 1, kept: 0, differences: 0 });
    // The same bad file once more is read once more: what was wrong may have been on our side.
    expect(await send(bad)).toMatchObject({ runId: run.runId, state: 'refused', problems: run.problems });
  });

  it('are refused when a line is there twice, word for word', async () => {
    const [, second, third] = good().split('\n');
    const run = await send(`${good()}${third!}\n${second!}\n`);
    const last = day.lines.length + 2;
    expect(run.state).toBe('refused');
    expect(run.problems).toEqual([
      { line: last, column: 3, name: 'settlementId', problem: 'repeats line 3' },
      { line: last + 1, column: 3, name: 'settlementId', problem: 'repeats line 2' },
    ]);
    expect((await counts()).kept).toBe(0);
  });

  it("are refused when their lines are about another institution's settlements", async () => {
    const others = day.rows.filter(({ institutionId }) => institutionId === OTHER_HOSPITAL).map(lineFor);
    const run = await send(chsText([...day.lines.slice(0, 3), ...others]), { fileName: 'day.txt' });
    expect(run.state).toBe('refused');
    expect(run.problems).toHaveLength(others.length);
    expect(run.problems).toContainEqual({
      line: 4,
      column: 1,
      name: 'setl_id',
      problem: 'is not a settlement of this institution',
    });
    expect(await counts()).toEqual({ runs: 1, kept: 0, differences: 0 });
    const header = good().replaceAll(HOSPITAL, OTHER_HOSPITAL);
    expect((await send(header)).problems[0]).toMatchObject({ line: 2, column: 1, name: 'institutionId' });
  });

  it('are refused when the ZIP file is bad', async () => {
    const zip = await zipOf({ '3202.txt': chsText(day.lines) });
    const cut = await send(zip.subarray(0, zip.length - 30), { fileName: 'day.zip' });
    expect(cut).toMatchObject({ state: 'refused', problems: [{ line: 0, column: 0 }] });
    const two = await send(await zipOf({ 'a.txt': 'x', 'b.txt': 'y' }), { fileName: 'two.zip' });
    expect(two.problems[0]!.problem).toMatch(/2 entries/);
    const damaged = Buffer.from(zip);
    damaged[Math.floor(zip.length / 2)] = (damaged[Math.floor(zip.length / 2)] ?? 0) ^ 0xff;
    expect((await send(damaged, { fileName: 'damaged.zip' })).problems[0]!.problem).toMatch(
      /damaged|columns|characters/,
    );
    expect((await counts()).kept).toBe(0);
  });

  it('are read as what is in the ZIP file', async () => {
    const run = await send(await zipOf({ 'day.csv': good() }), { fileName: 'day.zip' });
    expect(run).toMatchObject({ state: 'matched', form: 'csv', lines: day.lines.length });
  });

  it('are refused before a byte is read when the day is none, open, or closed for the party', async () => {
    await expect(send(good(), { businessDate: '2020-01-01' })).rejects.toMatchObject({ code: 'NO_SUCH_PERIOD' });
    await expect(send(good(), { businessDate: '2026-11-26' })).rejects.toMatchObject({ code: 'PERIOD_OPEN' });
    const { runId } = await send(good());
    expect(await database.reconciliation.runs.close(runId, 'wang', NOW)).toBe(false);
    await knex('reconciliation_difference').update({ state: 'refused' });
    expect(await database.reconciliation.runs.close(runId, 'wang', NOW)).toBe(true);
    expect((await counts()).kept).toBe(0);
    await expect(send(csvText(day.lines.slice(2), hospital))).rejects.toMatchObject({ code: 'PERIOD_CLOSED' });
    await expect(send(good())).rejects.toMatchObject({ code: 'PERIOD_CLOSED' });
    expect((await send(csvText([], { ...hospital, party: OTHER_HOSPITAL }), { party: OTHER_HOSPITAL })).state).toBe(
      'matched',
    );
  });

  it('of a process that died before they were compared are begun again from nothing, and not while it lives', async () => {
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const { run } = await beginRun(depsAt(NOW), sent);
      const dead = await readFile(depsAt(NOW), threads, run, sent);
      await depsAt(NOW).comparisons.keep([
        { runId: run.runId, settlementId: 's', lines: ['s\t0\tp\t1\t0\t0\t1\tv\t\\N'] },
      ]);
      expect((await counts()).kept).toBeGreaterThan(2);
      expect(await beginRun(depsAt(NOW + 30_000), sent)).toMatchObject({ isNew: false, run: { state: 'loading' } });
      const [again] = await reconcileFiles(depsAt(NOW + 90_000), [sent]);
      expect(again).toMatchObject({ runId: run.runId, state: 'matched', lines: day.lines.length });
      expect((await allDifferences(database, run.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));

      // And one that was not dead after all has nothing to say any more.
      expect(await compareFiles(depsAt(NOW + 91_000), [dead!])).toEqual([]);
      await dead!.staging.close();
      expect(await database.reconciliation.runs.find(run.runId)).toEqual(again);
    });
    expect(stagingLeft()).toEqual([]);
  });

  it('begun by another while they were compared are not called loaded by the first', async () => {
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const { run } = await beginRun(depsAt(NOW), sent);
      const slow = await readFile(depsAt(NOW), threads, run, sent);
      const heir = await beginFile(depsAt(NOW + 90_000), sent);
      expect(heir.isNew).toBe(true);
      // Nothing of it differs from what the heir is about to store, but for what was removed when the heir began.
      const keep = () => Promise.resolve();
      const deps = depsAt(NOW + 91_000);
      expect(await compareFiles({ ...deps, comparisons: { ...deps.comparisons, keep } }, [slow!])).toEqual([]);
      await slow!.staging.close();
      expect((await database.reconciliation.runs.find(run.runId))!.state).toBe('loading');
      expect(await finishFiles(depsAt(NOW + 92_000), [heir])).toMatchObject([{ state: 'matched' }]);
      expect((await allDifferences(database, run.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));
    });
  });

  it('that wait for their turn are nobody else’s, however long they wait', async () => {
    const clock = { nowMs: NOW, now: () => clock.nowMs };
    const deps = { ...depsAt(NOW), clock, aliveEveryMs: 5 };
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const waiting = await beginFile(deps, sent);
      clock.nowMs += 90_000;
      await vi.waitUntil(async () => {
        const [row] = await knex<{ touched_at_ms: number }>('reconciliation_run').select('touched_at_ms');
        return Number(row?.touched_at_ms) === clock.nowMs;
      });
      const other = await beginFile(deps, sent);
      expect(other).toMatchObject({ isNew: false, isLeft: false });
      // It is as it is for the other, who does nothing about it.
      expect(await finishFiles(deps, [other])).toMatchObject([{ state: 'loading' }]);
      expect(await finishFiles(deps, [waiting])).toMatchObject([{ state: 'matched', lines: day.lines.length }]);
    });
  });

  it('that are loaded are matched by one, and by another only when that one is dead', async () => {
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const { run } = await beginRun(depsAt(NOW), sent);
      const read = await readFile(depsAt(NOW), threads, run, sent);
      const loaded = await compareFiles(depsAt(NOW), [read!]);
      await read!.staging.close();
      expect(loaded).toMatchObject([{ state: 'loaded', lines: day.lines.length }]);
      expect(await beginRun(depsAt(NOW + 30_000), sent)).toMatchObject({ isNew: false, isLeft: false });
      const heir = await beginFile(depsAt(NOW + 90_000), sent);
      expect(heir).toMatchObject({ isNew: false, isLeft: true });
      expect(await beginRun(depsAt(NOW + 91_000), sent)).toMatchObject({ isNew: false, isLeft: false });
      const [matched] = await finishFiles(depsAt(NOW + 90_000), [heir]);
      expect(matched).toMatchObject({ state: 'matched', ourTotals: loaded[0]!.ourTotals });
      expect((await allDifferences(database, run.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));

      // One that was not dead after all comes to its end: what was decided meanwhile stays decided.
      await knex('reconciliation_difference').update({ state: 'refused' });
      await matchRuns(depsAt(NOW + 92_000), loaded);
      expect(await database.reconciliation.runs.find(run.runId)).toEqual(matched);
      const found = await allDifferences(database, run.runId);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter(({ state }) => state !== 'refused')).toEqual([]);
    });
  });

  const gone = () => Promise.reject(new Error('gone'));
  const goneInside = async function* () {
    yield* [];
    await gone();
  };
  it.each<[string, (deps: ReconcileDeps) => Partial<ReconcileDeps>, string]>([
    ['read', ({ runs }) => ({ runs: { ...runs, append: gone } }), 'loading'],
    ['compared', ({ comparisons }) => ({ comparisons: { ...comparisons, ours: goneInside } }), 'loading'],
    ['kept', ({ comparisons }) => ({ comparisons: { ...comparisons, keep: gone } }), 'loading'],
    ['matched', ({ matches }) => ({ matches: { ...matches, record: gone } }), 'loaded'],
  ])('are begun or matched again when the database goes away while they are %s', async (_, broken, state) => {
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const deps = depsAt(NOW);
      await expect(reconcileFiles({ ...deps, ...broken(deps) }, [sent])).rejects.toThrow('gone');
      const [left] = await database.reconciliation.runs.list({ limit: 2 });
      expect(left!.state).toBe(state);
      expect((await counts()).differences).toBe(0);
      expect(stagingLeft()).toEqual([]);
      const [again] = await reconcileFiles(depsAt(NOW + 90_000), [sent]);
      expect(again).toMatchObject({ runId: left!.runId, state: 'matched' });
      expect((await allDifferences(database, left!.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));
      expect((await counts()).kept).toBe(0);
    });
  });

  it('are stopped between two steps, and leave nothing on the disk', async () => {
    const stopping = new AbortController();
    const { runs } = database.reconciliation;
    const append: typeof runs.append = async (...about) => {
      await runs.append(...about);
      stopping.abort(new Error('stopping'));
    };
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const deps = { ...depsAt(NOW), runs: { ...runs, append }, signal: stopping.signal };
      await expect(reconcileFiles(deps, [sent])).rejects.toThrow('stopping');
    });
    expect((await runs.list({ limit: 1 }))[0]!.state).toBe('loading');
    expect(stagingLeft()).toEqual([]);
  });

  it('of several institutions are matched in one pass, each as if it were alone', async () => {
    const theirs = day.rows.filter(({ institutionId }) => institutionId === OTHER_HOSPITAL).map(lineFor);
    const other = { ...hospital, party: OTHER_HOSPITAL };
    const contents = [
      [hospital, good()],
      [other, csvText(theirs.slice(1), other)],
    ] as const;
    const [[, own], [, others]] = contents;
    const alone = [await send(own), await send(others, other)];
    const foundAlone = await Promise.all(alone.map(({ runId }) => allDifferences(database, runId)));
    for (const table of TABLES) await knex(table).del();

    const passes = vi.fn(database.reconciliation.comparisons.ours);
    const comparisons = { ...database.reconciliation.comparisons, ours: passes };
    const [first, second] = await withFile(own, { ...hospital, fileName: 'day.csv' }, (one) =>
      withFile(others, { ...other, fileName: 'day.csv' }, (two) =>
        reconcileFiles({ ...depsAt(NOW), comparisons }, [one, two]),
      ),
    );
    expect(passes).toHaveBeenCalledTimes(1);
    expect([first!.state, second!.state]).toEqual(['matched', 'matched']);
    const found = await Promise.all([first!, second!].map(({ runId }) => allDifferences(database, runId)));
    expect(found.map((each) => each.map(told))).toEqual(foundAlone.map((each) => each.map(told)));
    expect(found[0]!.map(told).sort()).toEqual(day.differences(day.lines, 2));
    expect(found[1]!.map(told)).toEqual([`missingThere ours ${theirs[0]!.settlementId} line -`]);
    const totals = ({ ourTotals, fileTotals }: (typeof alone)[0]) => [ourTotals, fileTotals];
    expect([totals(first!), totals(second!)]).toEqual(alone.map(totals));
    expect(second!.ourTotals!.settled.settlements).toBe(theirs.length);
    expect(second!.fileTotals!.settled.settlements).toBe(theirs.length - 1);
  });

  it('are all reconciled but the one that cannot be read', async () => {
    const other = { ...hospital, party: OTHER_HOSPITAL };
    const runs = await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (one) => {
      const lost = await withFile(csvText([], other), { ...other, fileName: 'day.csv' }, (two) => {
        return beginFile(depsAt(NOW), two);
      });
      const begun = [lost, await beginFile(depsAt(NOW), one)];
      await expect(finishFiles(depsAt(NOW), begun)).rejects.toThrow(/ENOENT/);
      return Promise.all(begun.map(({ run }) => database.reconciliation.runs.find(run.runId)));
    });
    expect(runs.map((run) => run!.state)).toEqual(['loading', 'matched']);
  });

  it('say what our books have of the day, what was settled apart from what was refunded', async () => {
    const run = await send(good());
    const ours = day.rows.filter(({ institutionId, windowId }) => institutionId === HOSPITAL && windowId === 2);
    const sumOf = (rows: typeof ours) => ({
      settlements: rows.length,
      total: rows.reduce((sum, { total }) => sum + total, 0),
      fundTotal: rows.reduce((sum, { fundTotal }) => sum + fundTotal, 0),
      account: rows.reduce((sum, { account }) => sum + account, 0),
    });
    const refunds = ours.filter(({ reverses }) => reverses !== undefined);
    expect(refunds.length).toBeGreaterThan(0);
    expect(run.ourTotals).toEqual({
      settled: sumOf(ours.filter(({ reverses }) => reverses === undefined)),
      refunded: sumOf(refunds),
    });
  });

  it('find nothing where everything agrees, and everything where nothing does', async () => {
    const ours = day.rows.filter(({ institutionId, windowId }) => institutionId === HOSPITAL && windowId === 2);
    expect(await send(csvText(ours.map(lineFor), hospital))).toMatchObject({ differences: 0, state: 'matched' });
    const empty = await send(csvText([], hospital));
    expect(empty).toMatchObject({ differences: ours.length, lines: 0 });
    const foreign = ours.map((row, index) => ({ ...lineFor(row), settlementId: `zz${index}`, visitId: `zz${index}` }));
    const all = await send(csvText(foreign, hospital));
    expect(all.differences).toBe(2 * ours.length);
  });
});
