import type { SettlementRow } from '../../src/app/ports.ts';
import type { DifferenceClass } from '../../src/core/reconcile/rows.ts';
import { planted, type DayLine } from './reconciliation-day.ts';

/** Books and a file, as small as the rules need them. */
export interface OracleCase {
  readonly books: readonly SettlementRow[];
  /** Hash of rules by settlement id, where a document names one. */
  readonly rules: ReadonlyMap<string, string>;
  readonly source: 'institution' | 'fund';
  readonly party: string;
  readonly windowId: number;
  readonly lines: readonly DayLine[];
  readonly firstLineNo: number;
}

/** What must come of a file. */
export type OracleAnswer =
  | { readonly refusedLines: readonly number[] }
  | { readonly differences: readonly string[]; readonly ours: readonly SettlementRow[] };

interface Numbered {
  readonly line: DayLine;
  readonly no: number;
  /** Settlement or reversal that it is about. */
  readonly about: string;
}

const FIGURES = ['total', 'fundTotal', 'account', 'personId'] as const;

/**
 * What design §10 says of a file, line by line over small books and by nothing but searching: slow, and of another make than
 * what it is held against.
 */
export function judgeFile(facts: OracleCase): OracleAnswer {
  const { books, source, party, windowId, lines, firstLineNo } = facts;
  const repeated = lines.flatMap((line, at) => {
    const words = JSON.stringify(line);
    return lines.slice(0, at).some((before) => JSON.stringify(before) === words) ? [at + firstLineNo] : [];
  });
  if (repeated.length > 0) return { refusedLines: repeated };

  const rowOf = (id: string) => books.find(({ settlementId }) => settlementId === id);
  const reversalOf = (id: string) => books.find(({ reverses }) => reverses === id);
  const isTheirs = (row: SettlementRow) => (source === 'institution' ? row.institutionId : row.homeRegion) === party;
  const numbered = lines.map((line, at): Numbered => {
    const undone = line.refund === 1 ? reversalOf(line.settlementId) : undefined;
    return { line, no: at + firstLineNo, about: undone?.settlementId ?? line.settlementId };
  });
  const groups = Map.groupBy(numbered, ({ line, about }) => `${about} ${line.refund}`);
  const foreign = [...groups.values()].flatMap(([first]) => {
    const row = rowOf(first!.about);
    return row !== undefined && !isTheirs(row) ? [first!.no] : [];
  });
  if (foreign.length > 0) return { refusedLines: foreign.sort((left, right) => left - right) };

  const found: string[] = [];
  const say = (kind: DifferenceClass, ours: SettlementRow | undefined, no?: number) =>
    found.push(planted(kind, ours?.settlementId, no));
  const otherHalf = (row: SettlementRow) => reversalOf(row.settlementId) ?? rowOf(row.reverses ?? '');
  const ours = books.filter((row) => row.windowId === windowId && isTheirs(row));

  for (const row of ours) {
    const key = `${row.settlementId} ${row.reverses === undefined ? 0 : 1}`;
    const about = groups.get(key) ?? [];
    groups.delete(key);
    if (about.length === 0) {
      const half = otherHalf(row);
      say(half !== undefined && half.windowId !== windowId ? 'reversedAfterClose' : 'missingThere', row);
      continue;
    }
    const same = about.find(({ line }) => FIGURES.every((figure) => line[figure] === row[figure]));
    const stands = same ?? about[0]!;
    if (same === undefined) {
      const [theirs, own] = [stands.line.policyHash, facts.rules.get(row.settlementId)];
      const byOtherRules = theirs !== undefined && own !== undefined && theirs !== own;
      say(byOtherRules ? 'ruleVersion' : 'amount', row, stands.no);
    }
    for (const each of about) if (each !== stands) say('duplicate', row, each.no);
  }

  for (const [first, ...more] of groups.values()) {
    const { line, no, about } = first!;
    const row = rowOf(about);
    const isSameKind = row !== undefined && (row.reverses !== undefined) === (line.refund === 1);
    if (isSameKind) {
      const half = otherHalf(row);
      const isLate = row.reverses !== undefined && row.windowId > windowId;
      const isUndoneNow = row.windowId < windowId && half?.windowId === windowId;
      say(isLate || isUndoneNow ? 'reversedAfterClose' : 'missingHere', undefined, no);
    } else {
      const isOfSameBill = (other: SettlementRow) =>
        other.billNumber === line.visitId &&
        (other.reverses !== undefined) === (line.refund === 1) &&
        numbered.some((each) => each.about === other.settlementId);
      const isKnownBill = row === undefined && source === 'institution' && ours.some(isOfSameBill);
      say(isKnownBill ? 'duplicate' : 'missingHere', undefined, no);
    }
    for (const each of more) say('duplicate', undefined, each.no);
  }
  return { differences: found.sort(), ours };
}
