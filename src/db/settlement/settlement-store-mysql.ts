import { setTimeout as sleep } from 'node:timers/promises';
import type { Need, SettlementStore, State, Writes } from '../../app/ports.ts';
import { insideTransaction } from '../../platform/transaction-guard.ts';
import { checkWrites } from './check-writes.ts';
import { isContention, isUniqueConflict, ourError } from '../engine/driver-errors.ts';
import type { MysqlSessions } from '../engine/mysql-sessions.ts';
import { settlementsWithDocumentsBy, stateOf, WRITTEN_TABLES, type WrittenTable } from './settlement-rows.ts';
import { SqlBytes } from '../engine/sql-bytes.ts';
import { idList, quoted } from '../engine/sql-text.ts';
import type { Row } from '../engine/raw-rows.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_MS = 8;

const READS = 4;

const BY_BILL = settlementsWithDocumentsBy('settlement_bill');
const BY_PERSON = settlementsWithDocumentsBy('settlement_person');

/** The {@link READS} reads that every bill needs: window, persons, accumulators, and which attempts there are. */
function readsFor({ personIds, billKeys }: Need, isLocking: boolean): string {
  const ids = idList(personIds);
  // Always person before account, in the order of ids: two transactions that lock both can then never cross.
  const persons = `SELECT p.person_id,p.home_region,p.scheme,p.name,p.facts,p.copied_at_ms,a.current_fen,a.carried_fen
    FROM person p FORCE INDEX (PRIMARY) STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.person_id=p.person_id
    WHERE p.person_id IN (${ids}) ORDER BY p.person_id`;
  return [
    `SELECT window_id FROM open_window WHERE id=1${isLocking ? ' LOCK IN SHARE MODE' : ''}`,
    `${persons}${isLocking ? ' FOR UPDATE' : ''}`,
    `SELECT person_id,bucket,amounts FROM accumulator FORCE INDEX (PRIMARY) WHERE person_id IN (${ids})`,
    `SELECT settlement_id FROM settlement FORCE INDEX (settlement_bill) WHERE bill_key IN (${idList(billKeys)})`,
  ].join(';');
}

/**
 * Attempts with everything they say, and the history. Few bills need either, and to describe thirty columns takes the
 * server and the driver longer than to look for a batch of bills.
 */
function lookBack({ billKeys, historySince }: Need): string {
  const history =
    historySince === undefined
      ? 'SELECT NULL LIMIT 0'
      : `${BY_PERSON} WHERE s.person_id IN (${idList([historySince.personId])})
         AND s.settlement_id>=${quoted(historySince.settlementId)} ORDER BY s.settlement_id`;
  return `${BY_BILL} WHERE s.bill_key IN (${idList(billKeys)}) ORDER BY s.settlement_id;${history}`;
}

/** @param lookedBack what lookBack found; empty where nothing was looked for */
function stateFrom(results: readonly (readonly Row[])[], lookedBack: readonly (readonly Row[])[]): State {
  const [window = [], persons = [], accumulators = []] = results;
  const [attempts = [], history = []] = lookedBack;
  return stateOf({ window, persons, accumulators, attempts, history });
}

function insertsInto({ table, columns, replaces }: WrittenTable): { head: string; tail: string } {
  const head = `INSERT INTO ${table}(${columns.join(',')})VALUES`;
  if (replaces === undefined) return { head, tail: ';' };
  const updates = replaces.columns.map((column) => `${column}=VALUES(${column})`);
  if (replaces.counts !== undefined) updates.push(`${replaces.counts}=${replaces.counts}+1`);
  return { head, tail: ` ON DUPLICATE KEY UPDATE ${updates.join(',')};` };
}

const INSERTS = WRITTEN_TABLES.map((written) => ({ ...insertsInto(written), rowsOf: written.rowsOf }));

function addWrites(statements: SqlBytes, writes: Writes): Buffer {
  for (const { head, tail, rowsOf } of INSERTS) {
    const rows = rowsOf(writes);
    if (rows.length === 0) continue;
    statements.add(head);
    statements.addRows(rows);
    statements.add(tail);
  }
  statements.add('COMMIT');
  return statements.take();
}

/**
 * The write path on MariaDB: one round trip locks and reads, one writes and commits, each a single text of statements; only
 * a bill that came before, or a reversal, takes one more to read.
 * A statement that fails stops the ones after it, COMMIT among them.
 */
export function createMysqlSettlementStore(sessions: MysqlSessions): SettlementStore {
  // One for all sessions: statements are put together and handed over in one turn of the event loop.
  const statements = new SqlBytes();

  function once<T>(need: Need, decide: (state: State) => { readonly writes: Writes; readonly result: T }): Promise<T> {
    return sessions.use((session) =>
      insideTransaction(async () => {
        const [, ...results] = await session.run(Buffer.from(`START TRANSACTION;${readsFor(need, true)}`));
        const isKnown = results.at(-1)?.length !== 0 || need.historySince !== undefined;
        const lookedBack = isKnown ? await session.run(Buffer.from(lookBack(need))) : [];
        const { writes, result } = decide(stateFrom(results, lookedBack));
        checkWrites(writes);
        await session.run(addWrites(statements, writes));
        return result;
      }),
    );
  }

  return {
    async transact(need, decide) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(need, decide);
        } catch (error) {
          // Who lost the race for a bill finds what the other wrote when it looks again.
          const isWorthAnother = isContention(error) || isUniqueConflict(error);
          if (!isWorthAnother || attempt === ATTEMPTS_MAX) throw ourError(error);
          await sleep(Math.random() * BACKOFF_MS * attempt);
        }
      }
    },

    async read(need) {
      try {
        return await sessions.use(async (session) => {
          // One snapshot for all reads, or a quote could see an account before a bill and the accumulators after it.
          const begin = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;START TRANSACTION READ ONLY';
          const isNew = need.billKeys.length === 0 && need.historySince === undefined;
          const reads = [begin, readsFor(need, false), ...(isNew ? [] : [lookBack(need)]), 'COMMIT'].join(';');
          const results = (await session.run(Buffer.from(reads))).slice(2, -1);
          return stateFrom(results, results.slice(READS));
        });
      } catch (error) {
        throw ourError(error);
      }
    },
  };
}
