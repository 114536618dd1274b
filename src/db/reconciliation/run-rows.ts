import type { ReconciliationRun, RunState, RunTotals } from '../../app/reconciliation/ports.ts';
import type { FileSource } from '../../core/reconcile/rows.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';

/** Column of a settlement that names the party of a file. */
export const PARTY_COLUMNS: Readonly<Record<FileSource, string>> = {
  institution: 'institution_id',
  fund: 'home_region',
};

/** A text, or undefined for NULL. */
export function optionalText(value: unknown): string | undefined {
  return value === null ? undefined : (value as string);
}

/** A whole number, or undefined for NULL. */
export function optionalInteger(value: unknown): number | undefined {
  return value === null ? undefined : exactInteger(value);
}

function totalsOf(value: unknown): RunTotals | undefined {
  return value === null ? undefined : (JSON.parse(value as string) as RunTotals);
}

/** A row of reconciliation_run. */
export function runOf(row: Row): ReconciliationRun {
  return {
    runId: exactInteger(row.run_id),
    source: row.source as FileSource,
    party: row.party as string,
    region: row.region as string,
    windowId: exactInteger(row.window_id),
    businessDate: row.business_date as string,
    form: row.form as ReconciliationRun['form'],
    fileName: row.file_name as string,
    sha256: row.sha256 as string,
    state: row.state as RunState,
    bytesDone: exactInteger(row.bytes_done),
    bytesTotal: exactInteger(row.file_bytes),
    lines: exactInteger(row.line_count),
    fileTotals: totalsOf(row.file_totals),
    ourTotals: totalsOf(row.our_totals),
    differences: exactInteger(row.difference_count),
    problems: JSON.parse(optionalText(row.problems) ?? '[]') as ReconciliationRun['problems'],
    sentBy: row.sent_by as string,
    closedBy: optionalText(row.closed_by),
    startedAtMs: exactInteger(row.started_at_ms),
    touchedAtMs: exactInteger(row.touched_at_ms),
    loadedAtMs: optionalInteger(row.loaded_at_ms),
    matchedAtMs: optionalInteger(row.matched_at_ms),
    closedAtMs: optionalInteger(row.closed_at_ms),
  };
}
