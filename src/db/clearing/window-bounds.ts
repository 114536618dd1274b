import type { Knex } from 'knex';
import { rowsOf, type Row } from '../engine/raw-rows.ts';

/** The first and the last id of a window's settlements. */
export interface WindowBounds {
  readonly first: string;
  readonly last: string;
}

/**
 * Between which ids all settlements of a window lie; others may lie between them, too. Taken from the index of windows, pair
 * by pair, so that it is exact whatever clocks said when ids were made; only how much is read depends on clocks.
 * Grouped by the index from its first column on: otherwise MariaDB reads all of a window instead of each pair's two ends.
 */
export async function boundsOf(knex: Knex, windowId: number): Promise<WindowBounds | undefined> {
  const found = await rowsOf<Row>(
    knex,
    `SELECT MIN(settlement_id) AS first_id, MAX(settlement_id) AS last_id FROM settlement
       WHERE window_id = ? GROUP BY window_id, home_region, treatment_region`,
    [windowId],
  );
  const firsts = found.map(({ first_id }) => first_id as string).sort();
  const lasts = found.map(({ last_id }) => last_id as string).sort();
  const [first, last] = [firsts[0], lasts.at(-1)];
  return first === undefined || last === undefined ? undefined : { first, last };
}
