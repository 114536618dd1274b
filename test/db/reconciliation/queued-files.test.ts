import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileQueue } from '../../../src/app/reconciliation/file-queue.ts';
import type { CompareStore } from '../../../src/app/reconciliation/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import {
  openBooks,
  HOME_FUND,
  HOSPITAL,
  insertDay,
  OTHER_HOSPITAL,
  plantDay,
  type PlantedDay,
} from '../../support/planted-day.ts';
import { allDifferences, csvText, lineFor, reconcilingDeps, told } from '../../support/reconciliation-day.ts';

const DATE = '2026-11-25';

describe.each(['sqlite', 'mariadb'] as const)('files that wait for each other on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;
  let database: Database;
  let knex: Knex;
  let day: PlantedDay;
  let folder: string;

  beforeAll(async () => {
    books = await openBooks(engine);
    ({ database, knex } = books);
    day = plantDay(400, 'institution');
    await insertDay(knex, day);
    folder = mkdtempSync(join(tmpdir(), 'tongjie-queued-'));
  });

  afterAll(async () => {
    await books.close();
    rmSync(folder, { recursive: true });
  });

  async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }

  it('are reconciled in one pass where they fit together, and in their order where they do not', async () => {
    const passes: (readonly string[])[] = [];
    const gate = Promise.withResolvers<undefined>();
    const deps = reconcilingDeps(database);
    const ours: CompareStore['ours'] = async function* (source, windowId, parties) {
      passes.push(parties);
      await gate.promise;
      yield* deps.comparisons.ours(source, windowId, parties);
    };
    const warnings: object[] = [];
    const log = { warn: (facts: object) => void warnings.push(facts) };
    const queue = createFileQueue({ ...deps, comparisons: { ...deps.comparisons, ours }, folder, log });
    const about = { region: '330421', sentBy: 'test', fileName: 'day.csv' };
    const submit = (source: 'institution' | 'fund', party: string, lines: PlantedDay['lines'], businessDate = DATE) => {
      const sent = { ...about, source, party, businessDate };
      return queue.submit(sent, bytesOf(csvText(lines, sent)));
    };
    const theirs = day.rows.filter(({ institutionId }) => institutionId === OTHER_HOSPITAL).map(lineFor);

    const first = await submit('institution', HOSPITAL, []);
    await expect.poll(() => passes).toHaveLength(1);
    // The larger one stays first, though it takes longer to read.
    const unknown = Array.from({ length: 20_000 }, (_, index) => ({ ...theirs[0]!, settlementId: `UNKNOWN-${index}` }));
    const wrong = await submit('institution', OTHER_HOSPITAL, unknown);
    const fund = await submit('fund', HOME_FUND, []);
    const early = await submit('institution', 'H33042100003', [], '2026-11-24');
    const again = await submit('institution', HOSPITAL, day.lines);
    const right = await submit('institution', OTHER_HOSPITAL, theirs);
    expect((await submit('institution', OTHER_HOSPITAL, theirs)).isNew).toBe(false);
    gate.resolve(undefined);
    await queue.drained();

    expect(warnings).toEqual([]);
    expect(passes).toEqual([[HOSPITAL], [OTHER_HOSPITAL, HOSPITAL], [HOME_FUND], ['H33042100003'], [OTHER_HOSPITAL]]);
    const runs = await Promise.all(
      [first, wrong, fund, early, again, right].map(({ run }) => database.reconciliation.runs.find(run.runId)),
    );
    expect(runs.map((run) => run!.state)).toEqual([
      'superseded',
      'superseded',
      'matched',
      'matched',
      'matched',
      'matched',
    ]);
    expect((await allDifferences(database, again.run.runId)).map(told).sort()).toEqual(day.differences(day.lines, 2));
    expect(await allDifferences(database, right.run.runId)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
