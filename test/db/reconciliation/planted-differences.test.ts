import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/open-database.ts';
import { openBooks, HOME_FUND, HOSPITAL, insertDay, plantDay, type PlantedDay } from '../../support/planted-day.ts';
import { allDifferences, chsText, csvText, reconcile, told, withFile } from '../../support/reconciliation-day.ts';
import { zipOf } from '../../support/zip-files.ts';

const DATE = '2026-11-25';
const hospital = { source: 'institution', party: HOSPITAL, region: '330421', businessDate: DATE } as const;
const fund = { source: 'fund', party: HOME_FUND, region: HOME_FUND, businessDate: DATE } as const;

describe.each(['sqlite', 'mariadb'] as const)('planted differences on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;
  let database: Database;
  let knex: Knex;

  const prepare = async (day: PlantedDay) => {
    await knex('settlement').del();
    await knex('settlement_document').del();
    await insertDay(knex, day);
  };

  beforeAll(async () => {
    books = await openBooks(engine);
    ({ database, knex } = books);
  });

  afterAll(async () => {
    await books.close();
  });

  it('are all found over 100,000 lines of a hospital in the national form, and none is invented', async () => {
    const day = plantDay(100_000, 'institution');
    await prepare(day);
    const inOrder = [...day.lines].sort((left, right) => {
      return left.settlementId < right.settlementId
        ? -1
        : left.settlementId > right.settlementId
          ? 1
          : left.refund - right.refund;
    });
    const content = await zipOf({ '3202.txt': chsText(inOrder) });
    const run = await withFile(content, { ...hospital, fileName: '3202.zip' }, (sent) => reconcile(database, sent));
    expect(run).toMatchObject({ state: 'matched', form: 'chs', lines: day.lines.length, problems: [] });
    const found = (await allDifferences(database, run.runId)).map(told).sort();
    expect(found).toEqual(day.differences(inOrder, 1));
    expect(found.length).toBeGreaterThan(250);
    expect(run.differences).toBe(found.length);
  }, 120_000);

  it('are all found over 100,000 lines of a home fund, with the rules that it settled by', async () => {
    const day = plantDay(100_000, 'fund');
    await prepare(day);
    const content = csvText(day.lines, fund);
    const run = await withFile(content, { ...fund, fileName: 'fund.csv' }, (sent) => reconcile(database, sent));
    const differences = await allDifferences(database, run.runId);
    expect(differences.map(told).sort()).toEqual(day.differences(day.lines, 2));
    expect(new Set(differences.map((each) => each.class)).size).toBe(6);
  }, 120_000);

  it('are the same in a file that is in no order', async () => {
    // Several sections of it are sorted by themselves.
    const day = plantDay(25_000, 'institution');
    await prepare(day);
    const shuffled = [...day.lines].sort((left, right) => {
      const key = ({ settlementId, total }: typeof left) => settlementId.split('').reverse().join('') + String(total);
      return key(left) < key(right) ? -1 : 1;
    });
    const content = csvText(shuffled, hospital);
    const run = await withFile(content, { ...hospital, fileName: 'day.csv' }, (sent) => reconcile(database, sent));
    const found = (await allDifferences(database, run.runId)).map(told).sort();
    expect(found).toEqual(day.differences(shuffled, 2));
  }, 60_000);
});
