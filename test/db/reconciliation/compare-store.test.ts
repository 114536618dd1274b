import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OurRow } from '../../../src/app/reconciliation/ports.ts';
import { createCompareStore } from '../../../src/db/reconciliation/compare-store.ts';
import { DAY, HOSPITAL, insertDay, openBooks, OTHER_HOSPITAL, plantDay } from '../../support/planted-day.ts';

const BOTH = [OTHER_HOSPITAL, HOSPITAL];
/** So few that every party's rows take several questions. */
const ROWS_A_QUERY = 7;

const day = plantDay(1000, 'institution');

const idOf = ({ text }: OurRow): string => text.split('\t')[0]!;

function expected(party: string): string[] {
  const own = day.rows.filter(({ institutionId, windowId }) => institutionId === party && windowId === DAY);
  return own.map(({ settlementId }) => settlementId).sort();
}

/** Rows of both that lie between the ids of the window; some are of other windows. */
const between = (() => {
  const own = [...expected(HOSPITAL), ...expected(OTHER_HOSPITAL)].sort();
  return day.rows.filter(({ settlementId: id }) => id >= own[0]! && id <= own.at(-1)!).length;
})();

describe.each(['sqlite', 'mariadb'] as const)('our side of a window on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;

  beforeAll(async () => {
    books = await openBooks(engine);
    await insertDay(books.knex, day);
  });

  afterAll(() => books.close());

  async function rowsOf(lookedUpMax: number, parties: readonly string[]): Promise<OurRow[]> {
    const rows: OurRow[] = [];
    for await (const page of createCompareStore(books.knex, lookedUpMax, ROWS_A_QUERY).ours(
      'institution',
      DAY,
      parties,
    )) {
      rows.push(...page);
    }
    return rows;
  }

  it('is looked up institution by institution where they have few rows', async () => {
    const rows = await rowsOf(between, BOTH);
    expect(rows.map(idOf)).toEqual([...expected(OTHER_HOSPITAL), ...expected(HOSPITAL)]);
    expect(rows.map(({ party }) => party)).toEqual([
      ...expected(OTHER_HOSPITAL).fill(OTHER_HOSPITAL),
      ...expected(HOSPITAL).fill(HOSPITAL),
    ]);
    expect(await rowsOf(0, ['H33042199999'])).toEqual([]);
  });

  it.each([0, between - 1])('is gone through once where they have more than %i', async (lookedUpMax) => {
    const rows = await rowsOf(lookedUpMax, BOTH);
    expect(rows.map(idOf)).toEqual([...expected(OTHER_HOSPITAL), ...expected(HOSPITAL)].sort());
    expect(rows.filter(({ party }) => party === OTHER_HOSPITAL).map(idOf)).toEqual(expected(OTHER_HOSPITAL));
    expect((await rowsOf(lookedUpMax, [HOSPITAL])).map(idOf)).toEqual(expected(HOSPITAL));
  });
});
