import type { Knex } from 'knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginLoading, fillRun, loadFile, type SentFile } from '../../../src/app/reconciliation/load-file.ts';
import { matchRuns } from '../../../src/app/reconciliation/match-runs.ts';
import { beginReconciling } from '../../../src/app/reconciliation/reconcile-file.ts';
import { insertLines } from '../../../src/db/reconciliation/append-lines.ts';
import { openDatabase, type Database } from '../../../src/db/open-database.ts';
import { FIRST_DATE, freshPlace } from '../../support/databases.ts';
import {
  connectTo,
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
  told,
  withFile,
} from '../../support/reconciliation-day.ts';
import { zipOf } from '../../support/zip-files.ts';

const DATE = '2026-11-25';
const NOW = 1_795_100_000_000;
const hospital = { source: 'institution', party: HOSPITAL, region: '330421', businessDate: DATE } as const;

describe.each(['sqlite', 'mariadb'] as const)('runs of files on %s', (engine) => {
  let place: Awaited<ReturnType<typeof freshPlace>>;
  let database: Database;
  let knex: Knex;
  let day: PlantedDay;

  beforeAll(async () => {
    place = await freshPlace(engine);
    database = await openDatabase(place);
    await database.migrate();
    await database.clearingStore.openFirstWindow(FIRST_DATE, 0);
    knex = connectTo(place);
    day = plantDay(400, 'institution');
    await insertDay(knex, day);
  });

  beforeEach(async () => {
    for (const table of ['reconciliation_run', 'reconciliation_line', 'reconciliation_difference'])
      await knex(table).del();
  });

  afterAll(async () => {
    await knex.destroy();
    await database.close();
    place.remove();
  });

  const send = (content: string | Buffer, about: Partial<Omit<SentFile, 'file'>> = {}, nowMs = NOW) =>
    withFile(content, { ...hospital, fileName: 'day.csv', ...about }, (sent) => reconcile(database, sent, nowMs));
  const counts = async () => {
    const of = async (table: string) => Number((await knex(table).count({ n: '*' }))[0]!.n);
    return {
      runs: await of('reconciliation_run'),
      lines: await of('reconciliation_line'),
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
    expect((await counts()).lines).toBe(day.lines.length);
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
    expect(await counts()).toEqual({ runs: 1, lines: 0, differences: 0 });
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
    expect((await counts()).lines).toBe(0);
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
    expect(await counts()).toEqual({ runs: 1, lines: 0, differences: 0 });
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
    expect((await counts()).lines).toBe(0);
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
    expect((await counts()).lines).toBe(0);
    await expect(send(csvText(day.lines.slice(2), hospital))).rejects.toMatchObject({ code: 'PERIOD_CLOSED' });
    await expect(send(good())).rejects.toMatchObject({ code: 'PERIOD_CLOSED' });
    expect((await send(csvText([], { ...hospital, party: OTHER_HOSPITAL }), { party: OTHER_HOSPITAL })).state).toBe(
      'matched',
    );
  });

  it('of a process that died are begun again from nothing, and not while it lives', async () => {
    const { runs } = database.reconciliation;
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const at = (nowMs: number) => ({ runs, clock: { now: () => nowMs } });
      const { run } = await beginLoading(at(NOW), sent);
      await runs.append(run.runId, { lines: 1, bytes: Buffer.from('s\t1\t0\tv\tp\t1\t0\t0\t\\N\n') });
      expect(await beginLoading(at(NOW + 30_000), sent)).toMatchObject({ isNew: false, run: { state: 'loading' } });
      const again = await loadFile(at(NOW + 90_000), sent);
      expect(again).toMatchObject({ runId: run.runId, state: 'loaded', lines: day.lines.length });
      expect((await counts()).lines).toBe(day.lines.length);
      // And one that died between loading and matching is matched by the next try.
      expect(await beginLoading(at(NOW + 91_000), sent)).toMatchObject({ isNew: false, run: { state: 'loaded' } });
    });
  });

  it('that wait for their turn are nobody else’s, however long they wait', async () => {
    const { runs, matches } = database.reconciliation;
    const clock = { nowMs: NOW, now: () => clock.nowMs };
    const deps = { runs, matches, queries: database.settlementQueries, clock, aliveEveryMs: 5 };
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const waiting = await beginReconciling(deps, sent);
      clock.nowMs += 90_000;
      await vi.waitUntil(async () => {
        const [row] = await knex<{ touched_at_ms: number }>('reconciliation_run').select('touched_at_ms');
        return Number(row?.touched_at_ms) === clock.nowMs;
      });
      expect(await beginReconciling(deps, sent)).toMatchObject({ isNew: false, finish: undefined });
      expect(await waiting.finish?.(() => undefined)).toMatchObject({ state: 'matched', lines: day.lines.length });
    });
  });

  it('that are loaded are matched by one, and by another only when that one is dead', async () => {
    const { runs, matches } = database.reconciliation;
    const at = (nowMs: number) => {
      return { runs, matches, queries: database.settlementQueries, clock: { now: () => nowMs } };
    };
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const loaded = await loadFile(at(NOW), sent);
      expect(await beginReconciling(at(NOW + 30_000), sent)).toMatchObject({ isNew: false, finish: undefined });
      const heir = await beginReconciling(at(NOW + 90_000), sent);
      expect(await beginReconciling(at(NOW + 91_000), sent)).toMatchObject({ isNew: false, finish: undefined });
      expect(await heir.finish?.(() => undefined)).toMatchObject({ state: 'matched' });

      // One that was not dead after all comes to its end: what was decided meanwhile stays decided.
      await knex('reconciliation_difference').update({ state: 'refused' });
      expect(await matchRuns(at(NOW + 92_000), [loaded])).toMatchObject([{ state: 'matched' }]);
      const found = await allDifferences(database, loaded.runId);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter(({ state }) => state !== 'refused')).toEqual([]);
    });
  });

  it('leave nothing that counts when the database goes away while they are read', async () => {
    const { runs } = database.reconciliation;
    const broken = { ...runs, append: () => Promise.reject(new Error('gone')) };
    const clock = { now: () => NOW };
    await withFile(good(), { ...hospital, fileName: 'day.csv' }, async (sent) => {
      const { run } = await beginLoading({ runs, clock }, sent);
      await expect(fillRun({ runs: broken, clock }, run, sent, () => undefined)).rejects.toThrow('gone');
      expect((await runs.find(run.runId))!.state).toBe('loading');
    });
    expect((await counts()).differences).toBe(0);
  });

  it('of several institutions are matched in one pass, each as if it were alone', async () => {
    const { runs, matches } = database.reconciliation;
    const clock = { now: () => NOW };
    const queries = database.settlementQueries;
    const theirs = day.rows.filter(({ institutionId }) => institutionId === OTHER_HOSPITAL).map(lineFor);
    const load = (content: string, party: string) =>
      withFile(content, { ...hospital, party, fileName: 'day.csv' }, (sent) => loadFile({ runs, clock }, sent));
    const alone = await load(good(), HOSPITAL);
    const other = await load(csvText(theirs.slice(1), { ...hospital, party: OTHER_HOSPITAL }), OTHER_HOSPITAL);
    const matched = await matchRuns({ runs, matches, queries, clock }, [alone, other]);
    expect(matched.map(({ state }) => state)).toEqual(['matched', 'matched']);
    expect((await allDifferences(database, alone.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));
    expect((await allDifferences(database, other.runId)).map(told)).toEqual([
      `missingThere ours ${theirs[0]!.settlementId} line -`,
    ]);
    expect(matched[1]!.ourTotals!.settled.settlements).toBe(theirs.length);
    expect(matched[1]!.fileTotals!.settled.settlements).toBe(theirs.length - 1);
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

  if (engine === 'mariadb') {
    it('store the same lines where the server takes no files from clients', async () => {
      const bytes = Buffer.from(
        `s1\t2\t0\tv-1\tp\t100\t50\t0\t\\N\ns2\t3\t1\tv-2\tp\t-100\t-50\t0\t${'a'.repeat(64)}\n`,
      );
      await insertLines(knex, 1, { lines: 2, bytes });
      const inserted = await knex('reconciliation_line').orderBy('line_no').select<object[]>('*');
      await knex('reconciliation_line').del();
      await database.reconciliation.runs.append(1, { lines: 2, bytes });
      expect(await knex('reconciliation_line').orderBy('line_no').select('*')).toEqual(inserted);
      expect(inserted).toHaveLength(2);
    });
  }
});
