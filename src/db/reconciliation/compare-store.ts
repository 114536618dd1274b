import type { Knex } from 'knex';
import type { FileSource } from '../../core/reconcile/rows.ts';
import type { ComparedText, CompareStore, OurRow } from '../../app/reconciliation/ports.ts';
import { boundsOf, type WindowBounds } from '../clearing/window-bounds.ts';
import { insertRows } from '../engine/bulk-insert.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { isMysql } from '../engine/is-mysql.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { rowsAsTheyCome } from '../engine/rows-as-they-come.ts';
import { marks } from '../engine/sql-text.ts';
import { insertLines } from './append-lines.ts';
import { PARTY_COLUMNS } from './run-rows.ts';

const ROWS_A_PAGE = 4000;
/** The server goes on by itself for so long; no question is open for more than a second or so. */
const ROWS_A_QUERY = 400_000;
const LINES_A_PAGE = 2000;
/** So many rows of institutions are looked up, in a third of a second, instead of going through a window for them. */
const LOOKED_UP_MAX = 200_000;
/** Before every id and every line number. */
const BEFORE_ALL = { id: '', lineNo: 0 };

/** A {@link ComparedText}: built where the rows are, because one long field is handed over faster than six short ones. */
const comparedText = (refund: string): string =>
  `CONCAT_WS('\t', settlement_id, ${refund}, person_id, total_fen, fund_total_fen, account_fen) AS text`;

function oursSql(table: string, party: string, parties: readonly string[], rows: number): string {
  return `SELECT ${party} AS party, ${comparedText('reverses IS NOT NULL')} FROM ${table}
    WHERE settlement_id > ? AND settlement_id <= ? AND window_id = ?
      AND ${party} IN (${marks(parties)})
    ORDER BY settlement_id LIMIT ${rows}`;
}

/** A window as files of one kind are held against it. */
interface OurSide extends WindowBounds {
  readonly source: FileSource;
  readonly windowId: number;
}

const STORED = `SELECT settlement_id AS id, line_no, ${comparedText('refund')} FROM reconciliation_line
  WHERE run_id = ? AND (settlement_id = ? AND line_no > ? OR settlement_id > ?)
  ORDER BY settlement_id, line_no LIMIT ${LINES_A_PAGE}`;

/** The id that a text is about. */
function idIn(text: ComparedText): string {
  return text.slice(0, text.indexOf('\t'));
}

/**
 * @param lookedUpMax rows of institutions that are not worth going through a window
 * @param rowsAQuery of the long reads
 */
export function createCompareStore(
  knex: Knex,
  lookedUpMax = LOOKED_UP_MAX,
  rowsAQuery = isMysql(knex) ? ROWS_A_QUERY : ROWS_A_PAGE,
): CompareStore {
  // Left to itself the server may take the index of windows and look every row up by it.
  const whole = isMysql(knex) ? 'settlement FORCE INDEX (PRIMARY)' : 'settlement';
  const ofInstitution = `settlement ${isMysql(knex) ? 'FORCE INDEX (settlement_institution)' : 'INDEXED BY settlement_institution'}`;

  async function areFew({ first, last }: WindowBounds, institutions: readonly string[]): Promise<boolean> {
    const [counted] = await rowsOf<Row>(
      knex,
      `SELECT COUNT(*) AS found FROM (SELECT 1 FROM ${ofInstitution}
         WHERE institution_id IN (${marks(institutions)}) AND settlement_id >= ? AND settlement_id <= ?
         LIMIT ${lookedUpMax + 1}) AS few`,
      [...institutions, first, last],
    );
    return exactInteger(counted?.found) <= lookedUpMax;
  }

  /** In the order of ids. */
  async function* rowsIn(
    table: string,
    { source, windowId, first, last }: OurSide,
    parties: readonly string[],
  ): AsyncGenerator<readonly OurRow[]> {
    const sql = oursSql(table, PARTY_COLUMNS[source], parties, rowsAQuery);
    // A text right before the first id: the table is not searched from its beginning.
    let after = first.slice(0, -1);
    for (let rows = rowsAQuery; rows === rowsAQuery;) {
      rows = 0;
      for await (const page of rowsAsTheyCome<OurRow>(knex, sql, [after, last, windowId, ...parties], ROWS_A_PAGE)) {
        rows += page.length;
        after = idIn(page.at(-1)?.text ?? '');
        yield page;
      }
    }
  }

  return {
    async *ours(source, windowId, parties) {
      const bounds = await boundsOf(knex, windowId);
      if (bounds === undefined) return;
      const side = { ...bounds, source, windowId };
      if (source === 'institution' && (await areFew(bounds, parties))) {
        // Their index has the rows of each in the order of ids, one institution after the other.
        for (const party of parties) yield* rowsIn(ofInstitution, side, [party]);
      } else yield* rowsIn(whole, side, parties);
    },

    async *stored(runId) {
      let after = BEFORE_ALL;
      for (;;) {
        const { id, lineNo } = after;
        const page = await rowsOf<Row>(knex, STORED, [runId, id, lineNo, id]);
        yield page.map(({ text }) => text as ComparedText);
        const last = page.at(-1);
        if (last === undefined || page.length < LINES_A_PAGE) return;
        after = { id: last.id as string, lineNo: last.line_no as number };
      }
    },

    async keep(unmatched) {
      const ids = unmatched.map(({ runId, settlementId }) => ({ run_id: runId, settlement_id: settlementId }));
      const lines = unmatched.flatMap(({ runId, lines: staged }) => staged.map((line) => ({ runId, line })));
      await inTransaction(knex, async (transaction) => {
        await insertRows(transaction, 'reconciliation_unmatched', ids);
        await insertLines(transaction, lines);
      });
    },
  };
}
