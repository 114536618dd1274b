import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompareStore } from '../../../src/db/reconciliation/compare-store.ts';
import { DAY, HOSPITAL, insertDay, openBooks, OTHER_HOSPITAL, plantDay } from '../../support/planted-day.ts';

const day = plantDay(1000, 'institution');

/** Ids that a store hands over, by party and in its order. */
async function idsOf(store: ReturnType<typeof createCompareStore>, parties: readonly string[]) {
  const ids = new Map<string, string[]>();
  for await (const page of store.ours('institution', DAY, parties)) {
    for (const { party, text } of page) ids.set(party, [...(ids.get(party) ?? []), text.split('\t')[0]!]);
  }
  return Object.fromEntries(ids);
}

function expected(party: string): string[] {
  const own = day.rows.filter(({ institutionId, windowId }) => institutionId === party && windowId === DAY);
  return own.map(({ settlementId }) => settlementId).sort();
}

describe.each(['sqlite', 'mariadb'] as const)('our side of a window on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;

  beforeAll(async () => {
    books = await openBooks(engine);
    await insertDay(books.knex, day);
  });

  afterAll(() => books.close());

  it.each([
    ['looked up in the index of institutions', day.rows.length],
    ['found by going through the window', 0],
    [
      'found by going through it, because there is one too many',
      expected(HOSPITAL).length + expected(OTHER_HOSPITAL).length - 1,
    ],
  ])('is the same, in the order of ids, when it is %s', async (_how, lookedUpMax) => {
    const store = createCompareStore(books.knex, lookedUpMax);
    expect(expected(HOSPITAL).length).toBeGreaterThan(900);
    expect(expected(OTHER_HOSPITAL)).toHaveLength(20);
    expect(await idsOf(store, [HOSPITAL])).toEqual({ [HOSPITAL]: expected(HOSPITAL) });
    expect(await idsOf(store, [OTHER_HOSPITAL, HOSPITAL])).toEqual({
      [HOSPITAL]: expected(HOSPITAL),
      [OTHER_HOSPITAL]: expected(OTHER_HOSPITAL),
    });
    expect(await idsOf(store, ['H33042199999'])).toEqual({});
  });
});
