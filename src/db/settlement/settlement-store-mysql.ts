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

const BY_BILL = settlementsWithDocumentsBy('settlement_bill');
const BY_PERSON = settlementsWithDocumentsBy('settlement_person');

/** The five reads that answer a Need; in the order of the rows of StateRows. */
function readsFor({ personIds, billKeys, historySince }: Need, isLocking: boolean): string {
  const ids = idList(personIds);
  // Always person before account, in the order of ids: two transactions that lock both can then never cross.
  const persons = `SELECT p.person_id,p.home_region,p.scheme,p.name,p.facts,p.copied_at_ms,a.current_fen,a.carried_fen
    FROM person p FORCE INDEX (PRIMARY) STRAIGHT_JOIN account a FORCE INDEX (PRIMARY) ON a.person_id=p.person_id
    WHERE p.person_id IN (${ids}) ORDER BY p.person_id`;
  const history =
    historySince === undefined
      ? 'SELECT NULL LIMIT 0'
      : `${BY_PERSON} WHERE s.person_id IN (${idList([historySince.personId])})
         AND s.settlement_id>=${quoted(historySince.settlementId)} ORDER BY s.settlement_id`;
  return [
    `SELECT window_id FROM open_window WHERE id=1${isLocking ? ' LOCK IN SHARE MODE' : ''}`,
    `${persons}${isLocking ? ' FOR UPDATE' : ''}`,
    `SELECT person_id,bucket,amounts FROM accumulator FORCE INDEX (PRIMARY) WHERE person_id IN (${ids})`,
    // Sorted by us: a batch rarely finds one, and the server would make a sort ready each time.
    `${BY_BILL} WHERE s.bill_key IN (${idList(billKeys)})`,
    history,
  ].join(';');
}

function byId(one: Row, other: Row): number {
  return (one.settlement_id as string) < (other.settlement_id as string) ? -1 : 1;
}

function stateFrom(results: readonly (readonly Row[])[], first: number): State {
  const [window = [], persons = [], accumulators = [], attempts = [], history = []] = results.slice(first);
  return stateOf({ window, persons, accumulators, attempts: attempts.toSorted(byId), history });
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
 * The write path on MariaDB: one round trip locks and reads, one writes and commits, each a single text of statements.
 * A statement that fails stops the ones after it, COMMIT among them.
 */
export function createMysqlSettlementStore(sessions: MysqlSessions): SettlementStore {
  // One for all sessions: statements are put together and handed over in one turn of the event loop.
  const statements = new SqlBytes();

  function once<T>(need: Need, decide: (state: State) => { readonly writes: Writes; readonly result: T }): Promise<T> {
    return sessions.use((session) =>
      insideTransaction(async () => {
        const results = await session.run(Buffer.from(`START TRANSACTION;${readsFor(need, true)}`));
        const { writes, result } = decide(stateFrom(results, 1));
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
          return stateFrom(await session.run(Buffer.from(`${begin};${readsFor(need, false)};COMMIT`)), 2);
        });
      } catch (error) {
        throw ourError(error);
      }
    },
  };
}
