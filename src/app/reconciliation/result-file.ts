import type { DifferenceClass } from '../../core/reconcile/rows.ts';
import { STATEMENT_RESULTS, type TotalsResult } from '../../core/reconcile/totals.ts';
import { unreachable } from '../../core/invariant.ts';
import { formatFen } from '../../core/money/text.ts';
import type { DifferenceStore, RecordedDifference } from './ports.ts';

/** Which generation of result codes the reader knows. */
export type ResultCodes = 'oneDigit' | 'sixDigits';

const DIFFERENCES_A_PAGE = 2000;
const NOTHING = 'null';

function resultOf({ class: kind, line }: RecordedDifference): TotalsResult {
  return resultOfClass(kind, line !== undefined);
}

function resultOfClass(kind: DifferenceClass, isInFile: boolean): TotalsResult {
  switch (kind) {
    case 'missingThere':
      return 'platformMore';
    case 'missingHere':
    case 'duplicate':
      return 'institutionMore';
    case 'reversedAfterClose':
      return isInFile ? 'institutionMore' : 'platformMore';
    case 'amount':
    case 'ruleVersion':
      return 'differ';
    default:
      return unreachable(kind);
  }
}

/**
 * One line of the result of 3202: ten columns with TAB between them.
 *
 * Figures are ours, or `null` where we have nothing; `msgid` is the institution's own number of the bill, by which it finds
 * what it never learned of.
 *
 * @source chs-interface 4.2
 */
export function resultLine(difference: RecordedDifference, codes: ResultCodes): string {
  const { ours, line, refund, class: kind, action } = difference;
  return [
    ours?.personId ?? line?.personId ?? NOTHING,
    line?.visitId ?? NOTHING,
    line?.settlementId ?? ours?.settlementId ?? NOTHING,
    ours?.billNumber ?? line?.visitId ?? NOTHING,
    STATEMENT_RESULTS[resultOf(difference)][codes],
    refund ? '1' : '0',
    `${kind}: ${action}`,
    ...(ours === undefined
      ? [NOTHING, NOTHING, NOTHING]
      : [ours.total, ours.fundTotal, ours.account].map((amount) => formatFen(amount))),
  ].join('\t');
}

/** The result of a run in the form of 3202: what differs, a page at a time. */
export async function* resultText(
  { differences }: { readonly differences: Pick<DifferenceStore, 'list'> },
  runId: number,
  codes: ResultCodes,
): AsyncGenerator<string> {
  let after: { readonly runId: number; readonly differenceNo: number } | undefined;
  for (;;) {
    const page = await differences.list({ runId, limit: DIFFERENCES_A_PAGE, after });
    if (page.length > 0) yield page.map((each) => `${resultLine(each, codes)}\n`).join('');
    if (page.length < DIFFERENCES_A_PAGE) return;
    after = page.at(-1);
  }
}
