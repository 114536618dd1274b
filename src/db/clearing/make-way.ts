import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { rowsOf } from '../engine/raw-rows.ts';

/** Redo of some five hundred settlements a second, twice what the whole country makes on average. */
const BUSY_BYTES_PER_SECOND = 3_000_000;
/** How long to rest for each moment of work while counters are busy: clearing then takes a quarter of the time. */
const REST = 3;
const REST_MAX_MS = 5000;

/**
 * Lets settling go first: called between pieces of long work that only reads, it rests when others write much meanwhile, and
 * returns at once when they do not. It asks the server what it counts anyway.
 *
 * @throws driver errors
 */
export async function createMakeWay(knex: Knex): Promise<() => Promise<void>> {
  async function written(): Promise<{ bytes: number; atMs: number }> {
    const [status] = await rowsOf<{ Value: string }>(knex, "SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'");
    return { bytes: Number(status?.Value ?? 0), atMs: performance.now() };
  }

  let last = await written();
  return async () => {
    const now = await written();
    const since = last;
    const workedMs = now.atMs - since.atMs;
    last = now;
    if ((now.bytes - since.bytes) * 1000 <= BUSY_BYTES_PER_SECOND * workedMs) return;
    await sleep(Math.min(REST * workedMs, REST_MAX_MS));
    last = await written();
  };
}
