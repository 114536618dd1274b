import type { Knex } from 'knex';
import { answerJobs } from './bench-child.ts';
import { openKnex, readState, writeTables } from './knex-transaction.ts';
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

// What most would write, at the database alone: a transaction a bill, its rows made before.

const CLIENTS = 64;
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

/** Writes a sampled bill in a transaction of its own, after the reads that a bill needs. */
function writeBill(knex: Knex, rows: BillRows, bill: BillIdentity): Promise<void> {
  return knex.transaction(async (transaction) => {
    await readState(transaction, bill.person, bill.bill);
    await writeTables(transaction, ({ table }) =>
      (rows[table] ?? []).map((row) => row.map((cell) => ownCell(cell, bill))),
    );
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
