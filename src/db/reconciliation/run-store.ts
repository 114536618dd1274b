import type { Knex } from 'knex';
import type { RunStore } from '../../app/reconciliation/ports.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { insertLines, linesOf } from './append-lines.ts';
import { runOf } from './run-rows.ts';
import { isMysql } from '../engine/is-mysql.ts';

const ROWS_A_DELETE = 20_000;

const FILE_KEY = ['source', 'party', 'window_id', 'sha256'];

/** A negative line names the settlement that it undoes; its reversal is found by the bill, whose attempts are numbered. */
const REVERSAL = `SELECT r.settlement_id FROM settlement s JOIN settlement r ON r.bill_key = s.bill_key AND r.attempt = -s.attempt
  WHERE s.settlement_id = reconciliation_line.settlement_id AND s.reverses IS NULL`;
const RESOLVE = `UPDATE reconciliation_line SET given_id = settlement_id, settlement_id = (${REVERSAL})
  WHERE run_id = ? AND refund = 1 AND EXISTS (${REVERSAL})`;

const DOUBLES = `SELECT settlement_id FROM reconciliation_line WHERE run_id = ? AND settlement_id > ?
  GROUP BY settlement_id HAVING COUNT(*) > 1 ORDER BY settlement_id LIMIT ?`;
const DOUBLES_A_PAGE = 2000;
/** A refund that names what it undoes says something else than one that names the reversal. */
const CONTENT = [
  'settlement_id',
  'given_id',
  'refund',
  'visit_id',
  'person_id',
  'total_fen',
  'fund_total_fen',
  'account_fen',
  'policy_hash',
];

/** Ids of which a run has several lines, also where one of them is a refund. */
async function* doubledIds(knex: Knex, runId: number): AsyncGenerator<string[]> {
  let after = '';
  for (;;) {
    const rows = await rowsOf<Row>(knex, DOUBLES, [runId, after, DOUBLES_A_PAGE]);
    const ids = rows.map((row) => row.settlement_id as string);
    if (ids.length > 0) yield ids;
    if (ids.length < DOUBLES_A_PAGE) return;
    after = ids.at(-1) ?? '';
  }
}

async function removeFrom(knex: Knex, table: string, runId: number): Promise<void> {
  if (!isMysql(knex)) {
    await knex(table).where('run_id', runId).delete();
    return;
  }
  for (;;) {
    const answer = (await knex.raw(`DELETE FROM ${table} WHERE run_id = ? LIMIT ${ROWS_A_DELETE}`, [runId])) as [
      { affectedRows: number },
    ];
    if (answer[0].affectedRows < ROWS_A_DELETE) return;
  }
}

/** Removes what is stored of a file; a few thousand rows a transaction, so that nobody waits and no log grows. */
export async function removeKept(knex: Knex, runId: number): Promise<void> {
  await removeFrom(knex, 'reconciliation_unmatched', runId);
  await removeFrom(knex, 'reconciliation_line', runId);
}

export function createRunStore(knex: Knex): RunStore {
  const find: RunStore['find'] = async (runId) => {
    const [row] = await knex<Row>('reconciliation_run').where('run_id', runId).select('*');
    return row === undefined ? undefined : runOf(row);
  };
  const update = (runId: number, columns: Readonly<Record<string, unknown>>) =>
    knex('reconciliation_run').where('run_id', runId).update(columns);

  return {
    find,

    append: (runId, lines) => inTransaction(knex, (transaction) => insertLines(transaction, linesOf(runId, lines))),

    async begin(file, nowMs, staleBeforeMs) {
      const key = { source: file.source, party: file.party, window_id: file.windowId, sha256: file.sha256 };
      const start = {
        state: 'loading',
        form: file.form,
        file_name: file.fileName,
        sent_by: file.sentBy,
        bytes_done: 0,
        file_bytes: file.bytesTotal,
        line_count: 0,
        file_totals: null,
        our_totals: null,
        difference_count: 0,
        problems: null,
        started_at_ms: nowMs,
        touched_at_ms: nowMs,
      };
      const { runId, isNew, isLeft } = await inTransaction(knex, async (transaction) => {
        // Whoever sends the same file at the same time waits here, and then finds the run.
        await transaction('reconciliation_run')
          .insert({ ...key, ...start, region: file.region, business_date: file.businessDate, touched_at_ms: 0 })
          .onConflict(FILE_KEY)
          .merge(['region']);
        const [row] = await transaction<Row>('reconciliation_run').where(key).select('*');
        const { run_id: id, state, touched_at_ms: touched } = row as Row;
        const isDead = exactInteger(touched) < staleBeforeMs;
        const isStart = (isDead && state === 'loading') || state === 'refused' || exactInteger(touched) === 0;
        const isLeftLoaded = isDead && state === 'loaded';
        if (isStart) await transaction('reconciliation_run').where(key).update(start);
        if (isLeftLoaded) await transaction('reconciliation_run').where(key).update({ touched_at_ms: nowMs });
        return { runId: exactInteger(id), isNew: isStart, isLeft: isLeftLoaded };
      });
      if (isNew) await removeKept(knex, runId);
      const run = await find(runId);
      return { run: run as NonNullable<typeof run>, isNew, isLeft };
    },

    async touch(runId, nowMs) {
      await knex('reconciliation_run')
        .where('run_id', runId)
        .whereIn('state', ['loading', 'loaded'])
        .update({ touched_at_ms: nowMs });
    },

    async windowOn(businessDate) {
      const [row] = await knex<Row>('clearing_window').where('business_date', businessDate).select('*');
      if (row === undefined) return undefined;
      const { window_id: windowId, state } = row;
      return { windowId: exactInteger(windowId), isClosed: state !== 'open' };
    },

    async hasClosed(source, party, windowId) {
      const key = { source, party, window_id: windowId, state: 'closed' };
      return (await knex('reconciliation_run').where(key).limit(1).select('run_id')).length > 0;
    },

    async progress(runId, { bytesDone, bytesTotal, lines }, nowMs) {
      const done = { bytes_done: bytesDone, file_bytes: bytesTotal, line_count: lines };
      await update(runId, { ...done, touched_at_ms: nowMs });
    },

    async repeats(runId, limit) {
      const found: { lineNo: number; firstNo: number }[] = [];
      for await (const ids of doubledIds(knex, runId)) {
        const rows: Row[] = await knex<Row>('reconciliation_line')
          .where('run_id', runId)
          .whereIn('settlement_id', ids)
          .orderBy('line_no')
          .select([...CONTENT, 'line_no']);
        const first = new Map<string, number>();
        for (const row of rows) {
          const content = JSON.stringify(CONTENT.map((column) => row[column]));
          const lineNo = exactInteger(row.line_no);
          const firstNo = first.get(content);
          if (firstNo === undefined) first.set(content, lineNo);
          else found.push({ lineNo, firstNo });
        }
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },

    async resolveRefunds(runId) {
      await knex.raw(RESOLVE, [runId]);
    },

    async loaded({ runId, startedAtMs }, { form, fileTotals, ourTotals }, nowMs) {
      const totals = { file_totals: JSON.stringify(fileTotals), our_totals: JSON.stringify(ourTotals) };
      const changed = await knex('reconciliation_run')
        .where({ run_id: runId, state: 'loading', started_at_ms: startedAtMs })
        .update({ state: 'loaded', form, ...totals, touched_at_ms: nowMs, loaded_at_ms: nowMs });
      return changed > 0;
    },

    async refuse(runId, problems, nowMs) {
      const columns = { state: 'refused', problems: JSON.stringify(problems), difference_count: 0, our_totals: null };
      await update(runId, { ...columns, touched_at_ms: nowMs });
      await knex('reconciliation_difference').where('run_id', runId).delete();
      await removeKept(knex, runId);
    },

    async list({ source, party, region, windowId, limit }) {
      const query = knex('reconciliation_run').orderBy('run_id', 'desc').limit(limit);
      if (source !== undefined) void query.where('source', source);
      if (party !== undefined) void query.where('party', party);
      if (region !== undefined) void query.where('region', region);
      if (windowId !== undefined) void query.where('window_id', windowId);
      const rows = await query.select<Row[]>('*');
      return rows.map(runOf);
    },

    async close(runId, closedBy, nowMs) {
      return inTransaction(knex, async (transaction) => {
        const undecided = transaction('reconciliation_difference')
          .where('run_id', runId)
          .whereIn('state', ['open', 'proposed']);
        const closed = await transaction('reconciliation_run')
          .where({ run_id: runId, state: 'matched' })
          .whereNotExists(undecided)
          .update({ state: 'closed', closed_by: closedBy, closed_at_ms: nowMs });
        return closed > 0;
      });
    },
  };
}
