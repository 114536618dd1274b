import type { Knex } from 'knex';
import type { FeedName, FeedPosition, FeedStore, ImportStore } from '../../app/funds/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { insertFast } from '../engine/fast-insert.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';

const ERROR_LENGTH_MAX = 500;

function positionOf(row: Row): FeedPosition {
  const instant = (column: string): number | undefined =>
    row[column] === null ? undefined : exactInteger(row[column]);
  return {
    region: row.region as string,
    feed: row.feed as FeedName,
    position: row.position as string,
    refused: exactInteger(row.refused),
    caughtUpAtMs: instant('caught_up_at_ms'),
    askedAtMs: instant('asked_at_ms'),
    lastError: (row.last_error as string | null) ?? undefined,
  };
}

export function createFeedStore(knex: Knex): FeedStore {
  return {
    async position(region, feed) {
      const [row] = await knex<Row>('feed').where({ region, feed }).select();
      if (row !== undefined) return positionOf(row);
      return {
        region,
        feed,
        position: '',
        refused: 0,
        caughtUpAtMs: undefined,
        askedAtMs: undefined,
        lastError: undefined,
      };
    },

    async moved({ region, feed, position, refused, caughtUpAtMs, askedAtMs, lastError }) {
      const row = {
        region,
        feed,
        position,
        refused,
        caught_up_at_ms: caughtUpAtMs ?? null,
        asked_at_ms: askedAtMs ?? null,
        last_error: lastError?.slice(0, ERROR_LENGTH_MAX) ?? null,
      };
      await knex('feed').insert(row).onConflict(['region', 'feed']).merge();
    },

    async all() {
      const rows = (await knex('feed').orderBy(['region', 'feed']).select()) as Row[];
      return rows.map(positionOf);
    },
  };
}

const IMPORT_ROW = { table: 'import_row', columns: ['import_id', 'person_id', 'file', 'line', 'content'] };
const AFTER = `(person_id > ? OR (person_id = ? AND (file > ? OR (file = ? AND line > ?))))`;
const CLEARED_AT_ONCE = 20_000;

export function createImportStore(knex: Knex): ImportStore {
  return {
    async clear(importId) {
      if (importId === undefined) {
        await knex('import_row').delete();
        return;
      }
      // In pieces: one transaction over millions of rows would keep all of them twice until its end.
      for (;;) {
        const page = await rowsOf<Row>(
          knex,
          `SELECT person_id FROM import_row WHERE import_id = ? ORDER BY person_id LIMIT 1 OFFSET ${CLEARED_AT_ONCE}`,
          [importId],
        );
        const upTo = page[0]?.person_id as string | undefined;
        const rows = knex('import_row').where('import_id', importId);
        if (upTo === undefined) {
          await rows.delete();
          return;
        }
        const cleared = await rows.clone().where('person_id', '<', upTo).delete();
        // All of them are one person's.
        if (cleared === 0) await rows.where('person_id', upTo).delete();
      }
    },

    add: (importId, rows) =>
      inTransaction(knex, (transaction) =>
        insertFast(
          transaction,
          IMPORT_ROW,
          rows.map(({ personId, file, line, content }) => [importId, personId, file, line, content]),
        ),
      ),

    async page(importId, after, limit) {
      const values = after && [after.personId, after.personId, after.file, after.file, after.line];
      const rows = await rowsOf<Row>(
        knex,
        `SELECT person_id, file, line, content FROM import_row
         WHERE import_id = ? ${after === undefined ? '' : `AND person_id >= ? AND ${AFTER}`}
         ORDER BY person_id, file, line LIMIT ${limit}`,
        values === undefined || after === undefined ? [importId] : [importId, after.personId, ...values],
      );
      return rows.map((row) => ({
        personId: row.person_id as string,
        file: row.file as string,
        line: exactInteger(row.line),
        content: row.content as string,
      }));
    },
  };
}
