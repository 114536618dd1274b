import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SettlementRow } from '../../src/app/ports.ts';
import type { SentFile } from '../../src/app/reconciliation/begin-run.ts';
import type { RecordedDifference, ReconciliationRun } from '../../src/app/reconciliation/ports.ts';
import { reconcileFiles, type ReconcileDeps } from '../../src/app/reconciliation/reconcile-files.ts';
import { formatFen } from '../../src/core/money/text.ts';
import type { DifferenceClass } from '../../src/core/reconcile/rows.ts';
import type { Database } from '../../src/db/open-database.ts';
import { describeFile } from '../../src/platform/spooled-file.ts';

/** A line of the other side's file, before it is written down. */
export interface DayLine {
  readonly settlementId: string;
  readonly visitId: string;
  readonly personId: string;
  readonly total: number;
  readonly fundTotal: number;
  readonly account: number;
  readonly refund: 0 | 1;
  readonly policyHash?: string;
}

/** The line that says what a settlement or reversal of ours says; a reversal is named by what it undoes. */
export function lineFor(row: SettlementRow): DayLine {
  const { billNumber: visitId, personId, total, fundTotal, account, reverses, settlementId } = row;
  const refund = reverses === undefined ? 0 : 1;
  return { settlementId: reverses ?? settlementId, visitId, personId, total, fundTotal, account, refund };
}

const amounts = ({ total, fundTotal, account }: DayLine) => [total, fundTotal, account].map(formatFen);

/** The lines in the form of 3202. */
export function chsText(lines: readonly DayLine[]): string {
  return lines
    .map((line) =>
      [line.settlementId, line.visitId, line.personId, ...amounts(line), line.refund, 'null'].join('\t').concat('\n'),
    )
    .join('');
}

/** The lines in our own form, with the hash of rules where a line has one. */
export function csvText(
  lines: readonly DayLine[],
  { source, party, businessDate }: Pick<SentFile, 'source' | 'party' | 'businessDate'>,
): string {
  const hasHash = lines.some(({ policyHash }) => policyHash !== undefined);
  const who = source === 'institution' ? 'institutionId' : 'homeRegion';
  const header = `${who},businessDate,settlementId,billNumber,refund,personId,total,fundTotal,account`;
  const rows = lines.map((line) => {
    const columns = [party, businessDate, line.settlementId, line.visitId, line.refund, line.personId];
    return [...columns, ...amounts(line), ...(hasHash ? [line.policyHash ?? ''] : [])].join(',');
  });
  return [hasHash ? `${header},policyHash` : header, ...rows, ''].join('\n');
}

/** Writes content down as an uploaded file, runs work on it, and removes it. */
export async function withFile<T>(
  content: string | Buffer,
  about: Omit<SentFile, 'file' | 'sentBy'>,
  work: (sent: SentFile) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-file-'));
  try {
    const path = join(folder, 'sent');
    writeFileSync(path, content);
    return await work({ ...about, file: await describeFile(path), sentBy: 'test' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where {@link reconcilingDeps} keeps lines until they are compared; nothing is left in it. */
export const STAGING_FOLDER = join(tmpdir(), `tongjie-staging-${process.pid}`);

/** What is left of staging: files, and files without a name that are still open. */
export function stagingLeft(): string[] {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // That of listing them.
      return '';
    }
  });
  return [...readdirSync(STAGING_FOLDER), ...open.filter((path) => path.startsWith(STAGING_FOLDER))];
}

/** What reconciling needs, of a database. */
export function reconcilingDeps(database: Database, nowMs = 1_795_100_000_000): ReconcileDeps {
  const queries = database.settlementQueries;
  // Several files are read by two threads, as by hand.
  return { ...database.reconciliation, queries, clock: { now: () => nowMs }, folder: STAGING_FOLDER, readers: 2 };
}

/** Reads a file and matches it, as an upload does. */
export async function reconcile(database: Database, sent: SentFile, nowMs?: number): Promise<ReconciliationRun> {
  const deps = { ...reconcilingDeps(database, nowMs), folder: dirname(sent.file.path) };
  const [run] = await reconcileFiles(deps, [sent]);
  return run!;
}

/** All differences of a run. */
export async function allDifferences(database: Database, runId: number): Promise<RecordedDifference[]> {
  const found: RecordedDifference[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = await database.reconciliation.differences.list({ runId, limit: 5000, after: last });
    found.push(...page);
    if (page.length < 5000) return found;
  }
}

/** A difference as a text that tells it from all others. */
export function told({ class: kind, ours, line }: RecordedDifference): string {
  return `${kind} ours ${ours?.settlementId ?? '-'} line ${line?.lineNo ?? '-'}`;
}

/** What was planted, to be found: by the same text. */
export function planted(kind: DifferenceClass, ours: string | undefined, lineNo: number | undefined): string {
  return `${kind} ours ${ours ?? '-'} line ${lineNo ?? '-'}`;
}
