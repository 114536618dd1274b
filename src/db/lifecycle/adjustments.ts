import type { Knex } from 'knex';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import { adjustmentOf } from './life-rows.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';

const ADJUSTMENTS = 'SELECT * FROM clearing_adjustment WHERE window_id = ? ORDER BY subject_id, kind, layer';

/** What came into a window from earlier ones. */
export async function readAdjustments(knex: Knex, windowId: number): Promise<readonly Adjustment[]> {
  return (await rowsOf<Row>(knex, ADJUSTMENTS, [windowId])).map(adjustmentOf);
}
