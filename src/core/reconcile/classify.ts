import { invariant } from '../invariant.ts';
import { correctionFor, type Correction } from './correction.ts';
import type { BookedRow, DifferenceClass, FileLine, FileSource, RelatedRow, Unmatched } from './rows.ts';

/** A difference with what to do about it. */
export interface Difference {
  readonly class: DifferenceClass;
  readonly refund: boolean;
  /** Undefined where our books have nothing. */
  readonly ours: BookedRow | undefined;
  /** Undefined where the file has nothing. */
  readonly line: FileLine | undefined;
  /** What it has to do with: a reversal, what was reversed, the same bill, the same row in another period. */
  readonly related: RelatedRow | undefined;
  readonly correction: Correction;
}

/** Whether a line says what our row says. */
export function agrees(ours: BookedRow, line: FileLine): boolean {
  return (
    line.refund === (ours.reverses !== undefined) &&
    line.personId === ours.personId &&
    line.total === ours.total &&
    line.fundTotal === ours.fundTotal &&
    line.account === ours.account
  );
}

/**
 * Says what the differences about one settlement or reversal are. Of several lines about the same one, the first that
 * agrees (or, where none does, the first) stands for it; the others are duplicates.
 *
 * @shape what does not match, period of the file, whose file → differences; none when a single line agrees
 * @source design §10
 */
export function classify(unmatched: Unmatched, windowId: number, source: FileSource): Difference[] {
  const { ours, lines } = unmatched;
  invariant(ours === undefined || ours.windowId === windowId, 'only rows of the period are held against its file');
  invariant(ours !== undefined || lines.length > 0, 'what does not match is on one side at least');
  const refund = ours === undefined ? lines[0]?.refund : ours.reverses !== undefined;
  invariant(
    lines.every((line) => line.refund === refund),
    'a settlement and its reversal are held against lines of their own',
  );
  const agreeing = ours === undefined ? -1 : lines.findIndex((line) => agrees(ours, line));
  const standing = Math.max(agreeing, 0);
  const differences: Difference[] = [];
  if (agreeing === -1) differences.push(differenceOf(unmatched, lines[0], windowId, source));
  lines.forEach((line, index) => {
    if (index !== standing) differences.push(make('duplicate', unmatched, line, relatedTo(ours), source));
  });
  return differences;
}

function differenceOf(
  unmatched: Unmatched,
  line: FileLine | undefined,
  windowId: number,
  source: FileSource,
): Difference {
  const { ours, elsewhere, counterpart, sameBill } = unmatched;
  if (ours !== undefined && line === undefined) {
    const isApart = counterpart !== undefined && counterpart.windowId !== windowId;
    return make(isApart ? 'reversedAfterClose' : 'missingThere', unmatched, line, counterpart, source);
  }
  if (ours !== undefined && line !== undefined) {
    const { policyHash } = unmatched;
    const byOtherRules = line.policyHash !== undefined && policyHash !== undefined && line.policyHash !== policyHash;
    return make(byOtherRules ? 'ruleVersion' : 'amount', unmatched, line, undefined, source);
  }
  if (elsewhere !== undefined) {
    // The reversal came into a later window than the file says; or the file still shows what was undone in this one.
    const isLate = elsewhere.reverses !== undefined && elsewhere.windowId > windowId;
    const isUndoneNow = counterpart?.windowId === windowId && elsewhere.windowId < windowId;
    const related = isUndoneNow ? counterpart : relatedTo(elsewhere);
    return make(isLate || isUndoneNow ? 'reversedAfterClose' : 'missingHere', unmatched, line, related, source);
  }
  return make(sameBill === undefined ? 'missingHere' : 'duplicate', unmatched, line, sameBill, source);
}

function relatedTo(row: BookedRow | undefined): RelatedRow | undefined {
  return row === undefined ? undefined : { settlementId: row.settlementId, windowId: row.windowId };
}

function make(
  kind: DifferenceClass,
  { ours, counterpart }: Unmatched,
  line: FileLine | undefined,
  related: RelatedRow | undefined,
  source: FileSource,
): Difference {
  const refund = line?.refund ?? ours?.reverses !== undefined;
  const correction = correctionFor({
    class: kind,
    refund,
    ours,
    line,
    related,
    source,
    isUndone: counterpart !== undefined,
  });
  return { class: kind, refund, ours, line, related, correction };
}
