import type { Knex } from 'knex';
import type { StagedLines } from '../../app/reconciliation/ports.ts';
import { valuesText, type SqlValue } from '../engine/sql-text.ts';

/** In the order of {@link StagedLines}. */
const COLUMNS =
  'settlement_id, refund, person_id, total_fen, fund_total_fen, account_fen, line_no, visit_id, policy_hash';
const NUMBERS = new Set([1, 3, 4, 5, 6]);
const ROWS_A_STATEMENT = 2000;

/** A staged line, without its line break, and the run that it is of. */
export interface RunLine {
  readonly runId: number;
  readonly line: string;
}

function valuesOf({ runId, line }: RunLine): SqlValue[] {
  const values = line.split('\t').map((field, index) => {
    if (field === '\\N') return null;
    return NUMBERS.has(index) ? Number(field) : field;
  });
  return [runId, ...values];
}

/** Stores lines, some thousand a statement. */
export async function insertLines(transaction: Knex, lines: readonly RunLine[]): Promise<void> {
  for (let from = 0; from < lines.length; from += ROWS_A_STATEMENT) {
    const values = valuesText(lines.slice(from, from + ROWS_A_STATEMENT).map(valuesOf));
    await transaction.raw(`INSERT INTO reconciliation_line (run_id, ${COLUMNS}) VALUES ${values}`);
  }
}

/** The lines of a run one by one. */
export function linesOf(runId: number, { bytes }: StagedLines): RunLine[] {
  const lines = bytes.toString('latin1').split('\n');
  lines.pop();
  return lines.map((line) => ({ runId, line }));
}
