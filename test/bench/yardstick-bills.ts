import { WRITTEN_TABLES } from '../../src/db/settlement/settlement-rows.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { benchPersonId } from './bench-people.ts';
import type { BenchStore } from './bench-store.ts';
import { pickFrom, seeded } from './seeded.ts';

/** A cell of a row that a yardstick writes. */
export type Cell = string | number | null;

/** All rows of one bill, by table, in the order of the table's columns. */
export type BillRows = Readonly<Record<string, readonly (readonly Cell[])[]>>;

/** What a yardstick's process is told before its first turn. */
export interface YardstickSetting {
  readonly url: string;
  /** Rows of bills that the service has settled; null stands for the person, see {@link MARKS}. */
  readonly samples: readonly BillRows[];
  readonly persons: number;
  readonly seed: number;
}

/** What became of one turn, and what must be in the database because of it. */
export interface YardstickTurn {
  readonly written: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly raises: number;
}

/** A job for a yardstick's process: its setting once, then turns. */
export type YardstickJob = { readonly setting: YardstickSetting } | { readonly seconds: number };

/** Stand in sampled cells for what each bill has of its own. */
export const MARKS = { id: '\u0001', person: '\u0002', bill: '\u0003' } as const;

/** What a bill has of its own. */
export interface BillIdentity {
  readonly id: string;
  readonly person: string;
  readonly bill: string;
}

const SAMPLES = 512;

function marked(cell: Cell, { id, person, bill }: BillIdentity): Cell {
  switch (cell) {
    case id:
      return MARKS.id;
    case person:
      return MARKS.person;
    case bill:
      return MARKS.bill;
    default:
      return cell;
  }
}

/** By which column of a table the rows of a bill are found. */
function keyOf(table: string, columns: readonly string[]): 'id' | 'person' {
  const [first] = columns;
  if (first === 'person_id') return 'person';
  if (first === 'settlement_id' || first === 'entry_id' || first === 'message_id') return 'id';
  throw new Error(`the bench does not know which rows of ${table} belong to a bill`);
}

/**
 * Takes rows that the service has just written as what the yardsticks write: the same tables, columns and sizes of text,
 * whatever the write path writes today.
 */
export async function sampleBills(store: BenchStore): Promise<BillRows[]> {
  const bills = await store.rows(
    `SELECT settlement_id AS id, person_id AS person, bill_key AS bill, account_fen AS drawn
       FROM settlement ORDER BY settlement_id LIMIT ${SAMPLES}`,
  );
  const samples: Record<string, Cell[][]>[] = bills.map(() => ({}));
  for (const { table, columns, replaces } of WRITTEN_TABLES) {
    const cellOf = (column: string, cell: unknown, bill: unknown): Cell =>
      // A bill counts once, however often the sampled row was written.
      column === replaces?.counts ? 1 : marked(cell as Cell, bill as BillIdentity);
    const key = keyOf(table, columns);
    const keys = bills.map((bill) => `'${String(bill[key])}'`).join(',');
    const rows = await store.rows(`SELECT ${columns.join(',')} FROM ${table} WHERE ${columns[0] ?? ''} IN (${keys})`);
    for (const [index, bill] of bills.entries()) {
      const own = rows.filter((row) => row[columns[0] ?? ''] === bill[key]);
      // An account is written only when something is drawn from it.
      const isWritten = table !== 'account' || bill['drawn'] !== 0;
      samples[index]![table] = isWritten
        ? own.map((row) => columns.map((column) => cellOf(column, row[column], bill)))
        : [];
    }
  }
  return samples;
}

/** A sampled bill that is somebody's now. */
export interface NextBill extends BillIdentity {
  /** Which sample its rows are. */
  readonly sample: number;
}

/** Gives sampled bills to random persons, with ids and numbers of the service's own form. */
export function createNextBill({ samples, persons, seed }: YardstickSetting): () => NextBill {
  const random = seeded(seed);
  const newId = createIdSource(() => Date.now());
  const indexes = samples.map((_, index) => index);
  let made = 0;
  return () => ({
    id: newId(),
    person: benchPersonId(Math.floor(random() * persons)),
    bill: `H31011890000/Y${seed}-${String(made++).padStart(8, '0')}`,
    sample: pickFrom(indexes, random),
  });
}
