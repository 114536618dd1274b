import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundsOf } from '../../../src/db/clearing/window-bounds.ts';
import { rowsOf, type Row } from '../../../src/db/engine/raw-rows.ts';
import { AFTER, BEFORE, DAY, insertDay, openBooks, plantDay } from '../../support/planted-day.ts';

const day = plantDay(3000, 'institution');

describe.each(['sqlite', 'mariadb'] as const)('the ends of a window on %s', (engine) => {
  let books: Awaited<ReturnType<typeof openBooks>>;

  beforeAll(async () => {
    books = await openBooks(engine);
    await insertDay(books.knex, day);
  });

  afterAll(() => books.close());

  it.each([BEFORE, DAY, AFTER])('are those of all its pairs together (window %i)', async (window) => {
    const ids = day.rows.flatMap(({ settlementId, windowId }) => (windowId === window ? [settlementId] : [])).sort();
    expect(await boundsOf(books.knex, window)).toEqual({ first: ids[0], last: ids.at(-1) });
    expect(await boundsOf(books.knex, 99)).toBeUndefined();
  });

  it.runIf(engine === 'mariadb')('are found by a few seeks, however many bills lie between them', async () => {
    await books.knex.raw('ANALYZE TABLE settlement');
    await books.knex.transaction(async (transaction) => {
      await transaction.raw('FLUSH STATUS');
      await boundsOf(transaction, DAY);
      const reads = await rowsOf<Row>(transaction, "SHOW SESSION STATUS LIKE 'Handler_read%'", []);
      const read = reads.reduce((sum, { Value: count }) => sum + Number(count), 0);
      expect(read).toBeGreaterThan(0);
      expect(read).toBeLessThan(50);
    });
  });
});
