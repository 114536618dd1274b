import { createPool, type PoolConnection } from 'mysql2';
import { prepareSession } from '../../src/db/engine/mysql-sessions.ts';
import { parseMysqlAddress } from '../../src/db/engine/mysql-address.ts';
import { WRITTEN_TABLES } from '../../src/db/settlement/settlement-rows.ts';
import { quoted } from '../../src/db/engine/sql-text.ts';
import { answerJobs } from './bench-child.ts';
import {
  createNextBill,
  MARKS,
  type BillIdentity,
  type BillRows,
  type Cell,
  type NextBill,
  type YardstickJob,
  type YardstickSetting,
  type YardstickTurn,
} from './yardstick-bills.ts';

// The physical limit: the rows of a bill written as fast as this driver and this server can, without HTTP and rules.
// Everything that can be made before is made before: rows are text with gaps for what each bill has of its own.

const CLIENTS = 256;
const LANES = 2;
const BATCH_MAX = 64;

/** The rows of one bill in one table as text; its odd pieces are marks to be replaced. */
type RowText = (of: BillIdentity) => string;

function rowText(rows: readonly (readonly Cell[])[]): RowText {
  const cell = (value: Cell): string =>
    value === null ? 'NULL' : typeof value === 'string' ? quoted(value) : String(value);
  const whole = rows.map((row) => `(${row.map(cell).join(',')})`).join(',');
  const pieces = whole.split(new RegExp(`([${Object.values(MARKS).join('')}])`));
  return ({ id, person, bill }) => {
    let text = '';
    for (const piece of pieces) {
      if (piece === MARKS.id) text += id;
      else if (piece === MARKS.person) text += person;
      else if (piece === MARKS.bill) text += bill;
      else text += piece;
    }
    return text;
  };
}

interface TableTexts {
  readonly head: string;
  readonly tail: string;
  /** By sample; undefined where a bill writes nothing here. */
  readonly rows: readonly (RowText | undefined)[];
}

function tableTexts(samples: readonly BillRows[]): TableTexts[] {
  return WRITTEN_TABLES.map(({ table, columns, replaces }) => {
    const updates = replaces?.columns.map((column) => `${column}=VALUES(${column})`) ?? [];
    if (replaces?.counts !== undefined) updates.push(`${replaces.counts}=${replaces.counts}+1`);
    return {
      head: `INSERT INTO ${table}(${columns.join(',')})VALUES`,
      tail: updates.length === 0 ? ';' : ` ON DUPLICATE KEY UPDATE ${updates.join(',')};`,
      rows: samples.map((sample) => {
        const rows = sample[table] ?? [];
        return rows.length === 0 ? undefined : rowText(rows);
      }),
    };
  });
}

function readText(batch: readonly NextBill[]): string {
  const persons = batch
    .map(({ person }) => `'${person}'`)
    .sort()
    .join(',');
  const bills = batch.map(({ bill }) => `'${bill}'`).join(',');
  return (
    'START TRANSACTION;SELECT p.person_id,p.home_region,p.scheme,p.name,p.facts,a.current_fen,a.carried_fen ' +
    'FROM person p FORCE INDEX (PRIMARY) STRAIGHT_JOIN account a ON a.person_id=p.person_id ' +
    `WHERE p.person_id IN (${persons}) ORDER BY p.person_id FOR UPDATE;` +
    `SELECT person_id,bucket,amounts FROM accumulator WHERE person_id IN (${persons});` +
    `SELECT settlement_id FROM settlement WHERE bill_key IN (${bills})`
  );
}

function writeText(tables: readonly TableTexts[], batch: readonly NextBill[]): string {
  let text = '';
  for (const { head, tail, rows } of tables) {
    let values = '';
    for (const bill of batch) {
      const row = rows[bill.sample];
      if (row !== undefined) values += (values === '' ? '' : ',') + row(bill);
    }
    if (values !== '') text += head + values + tail;
  }
  return `${text}COMMIT`;
}

interface Writer {
  run(seconds: number): Promise<YardstickTurn>;
}

async function openWriter(setting: YardstickSetting): Promise<Writer> {
  const pool = createPool({
    ...parseMysqlAddress(setting.url),
    charset: 'utf8mb4',
    supportBigNumbers: true,
    multipleStatements: true,
    connectionLimit: LANES,
    queryFormat: (statements: string) => statements,
  });
  const connections: PoolConnection[] = [];
  for (let lane = 0; lane < LANES; lane++) {
    const connection = await new Promise<PoolConnection>((resolve, reject) => {
      pool.getConnection((error, opened) => {
        if (error) reject(error);
        else resolve(opened);
      });
    });
    await prepareSession(connection);
    connections.push(connection);
  }
  const ask = (connection: PoolConnection, text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      connection.query(text, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  const tables = tableTexts(setting.samples);
  const raisesOf = setting.samples.map((sample) => sample['accumulator']?.length ?? 0);
  const nextBill = createNextBill(setting);

  return {
    async run(seconds) {
      // Each of the clients has one bill under way: what its batch takes along, it replaces when the batch is durable.
      const queue: NextBill[] = Array.from({ length: CLIENTS }, nextBill);
      let written = 0;
      let raises = 0;
      const startedAt = performance.now();
      const until = startedAt + seconds * 1000;
      const work = async (connection: PoolConnection): Promise<void> => {
        for (;;) {
          const batch = queue.splice(0, BATCH_MAX);
          if (batch.length === 0) return;
          await ask(connection, readText(batch));
          await ask(connection, writeText(tables, batch));
          written += batch.length;
          for (const { sample } of batch) raises += raisesOf[sample] ?? 0;
          if (performance.now() < until) for (let client = 0; client < batch.length; client++) queue.push(nextBill());
        }
      };
      await Promise.all(connections.map(work));
      const taken = (performance.now() - startedAt) / 1000;
      return { written, raises, seconds: taken, perSecond: written / taken };
    },
  };
}

if (import.meta.main) {
  let writer: Writer | undefined;
  answerJobs(async (job: YardstickJob): Promise<YardstickTurn | undefined> => {
    if ('seconds' in job) return writer?.run(job.seconds);
    writer = await openWriter(job.setting);
    return undefined;
  });
}
