import createKnex, { type Knex } from 'knex';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { WRITTEN_TABLES, type WrittenTable } from '../../src/db/settlement/settlement-rows.ts';
import { answerJobs } from './bench-child.ts';
import {
  createNextBill,
  MARKS,
  type BillIdentity,
  type BillRows,
  type Cell,
  type YardstickJob,
  type YardstickSetting,
  type YardstickTurn,
} from './yardstick-bills.ts';

// What most would write: a transaction a bill through knex, a statement a table.

const CLIENTS = 64;
/** More connections than this only wait for each other on few cores. */
const CONNECTIONS = 16;

/** A pool as most would set it up. */
export function openKnex(url: string): Knex {
  return createKnex({
    client: 'mysql2',
    connection: { ...parseMysqlAddress(url), charset: 'utf8mb4' },
    pool: { min: CONNECTIONS, max: CONNECTIONS },
  });
}

function ownCell(cell: Cell, { id, person, bill }: BillIdentity): Cell {
  switch (cell) {
    case MARKS.id:
      return id;
    case MARKS.person:
      return person;
    case MARKS.bill:
      return bill;
    default:
      return cell;
  }
}

async function writeTable(
  transaction: Knex.Transaction,
  { table, columns, replaces }: WrittenTable,
  rows: readonly (readonly Cell[])[],
  of: BillIdentity,
): Promise<void> {
  if (rows.length === 0) return;
  const records = rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column, ownCell(row[index] ?? null, of)])),
  );
  const insert = transaction(table).insert(records);
  if (replaces === undefined) {
    await insert;
    return;
  }
  const values = (column: string): [string, Knex.Raw] => [column, transaction.raw('VALUES(??)', [column])];
  const merged = Object.fromEntries(replaces.columns.map(values));
  if (replaces.counts !== undefined) merged[replaces.counts] = transaction.raw('??+1', [replaces.counts]);
  await insert.onConflict([...replaces.key]).merge(merged);
}

/** Writes the rows of one bill in a transaction of its own, after the reads that a bill needs. */
export function writeBill(knex: Knex, rows: BillRows, bill: BillIdentity): Promise<void> {
  return knex.transaction(async (transaction) => {
    await transaction('settlement').where('bill_key', bill.bill).select('settlement_id');
    await transaction('person')
      .join('account', 'account.person_id', 'person.person_id')
      .where('person.person_id', bill.person)
      .select('person.*', 'current_fen', 'carried_fen')
      .forUpdate();
    await transaction('accumulator').where('person_id', bill.person).select('*');
    for (const written of WRITTEN_TABLES) await writeTable(transaction, written, rows[written.table] ?? [], bill);
  });
}

interface Writer {
  run(seconds: number): Promise<YardstickTurn>;
}

function openWriter(setting: YardstickSetting): Writer {
  const { samples } = setting;
  const knex = openKnex(setting.url);
  const nextBill = createNextBill(setting);
  return {
    async run(seconds) {
      let written = 0;
      let raises = 0;
      const startedAt = performance.now();
      const until = startedAt + seconds * 1000;
      const client = async (): Promise<void> => {
        while (performance.now() < until) {
          const bill = nextBill();
          const rows = samples[bill.sample] ?? {};
          await writeBill(knex, rows, bill);
          written += 1;
          raises += rows['accumulator']?.length ?? 0;
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
      const taken = (performance.now() - startedAt) / 1000;
      return { written, raises, seconds: taken, perSecond: written / taken };
    },
  };
}

if (import.meta.main) {
  let writer: Writer | undefined;
  answerJobs(async (job: YardstickJob): Promise<YardstickTurn | undefined> => {
    if ('seconds' in job) return writer?.run(job.seconds);
    writer = openWriter(job.setting);
    return undefined;
  });
}
