import type { RecordedDifference, ReconciliationRun, RunTotals } from '../../app/reconciliation/ports.ts';
import { movesMoney } from '../../core/reconcile/correction.ts';
import type { Figures } from '../../core/reconcile/rows.ts';
import { addTotals, compareTotals, type Totals } from '../../core/reconcile/totals.ts';
import { formatFen } from '../../core/money/text.ts';
import { optionalInstant, shanghaiInstant } from '../../platform/instant.ts';
import type { DifferenceView, ReconciliationRunView } from '../schemas/reconciliation.ts';

/** Amounts as text. */
function money({ total, fundTotal, account }: Figures) {
  return { total: formatFen(total), fundTotal: formatFen(fundTotal), account: formatFen(account) };
}

/** The four figures of 3201. */
export function presentTotals(totals: Totals) {
  return { settlements: totals.settlements, ...money(totals) };
}

function presentBoth(totals: RunTotals | undefined): ReconciliationRunView['ourTotals'] {
  if (totals === undefined) return undefined;
  return { settled: presentTotals(totals.settled), refunded: presentTotals(totals.refunded) };
}

function resultOf({ ourTotals, fileTotals }: ReconciliationRun): ReconciliationRunView['result'] {
  if (ourTotals === undefined || fileTotals === undefined) return undefined;
  const together = ({ settled, refunded }: RunTotals): Totals => addTotals(settled, refunded);
  return compareTotals(together(ourTotals), together(fileTotals));
}

/** A run as its party and the operator see it. */
export function presentRun(run: ReconciliationRun): ReconciliationRunView {
  const { runId, source, party, businessDate, fileName, sha256, state, bytesDone, bytesTotal, lines } = run;
  return {
    ...{ runId, source, party, businessDate, fileName, sha256, state, bytesDone, bytesTotal, lines },
    fileTotals: presentBoth(run.fileTotals),
    ourTotals: presentBoth(run.ourTotals),
    result: resultOf(run),
    differences: run.differences,
    problems: run.problems.map((each) => ({ ...each })),
    startedAt: shanghaiInstant(run.startedAtMs),
    matchedAt: optionalInstant(run.matchedAtMs),
    closedAt: optionalInstant(run.closedAtMs),
    closedBy: run.closedBy,
  };
}

function presentOurs({ ours }: RecordedDifference): DifferenceView['ours'] {
  if (ours === undefined) return undefined;
  const { settlementId, institutionId, billNumber, personId } = ours;
  return { settlementId, institutionId, billNumber, personId, ...money(ours) };
}

function presentLine({ line }: RecordedDifference): DifferenceView['line'] {
  if (line === undefined) return undefined;
  const { lineNo, settlementId, visitId, personId } = line;
  return { lineNo, settlementId, visitId, personId, ...money(line) };
}

/** A difference with its proposed correction and what became of it. */
export function presentDifference(difference: RecordedDifference): DifferenceView {
  const { runId, differenceNo, action, adjustBy, refund, related, state, reason, outcomeId } = difference;
  return {
    differenceId: `${runId}-${differenceNo}`,
    runId,
    class: difference.class,
    correction: { action, movesMoney: movesMoney(action), adjustBy: formatFen(adjustBy) },
    refund,
    ours: presentOurs(difference),
    line: presentLine(difference),
    related: related === undefined ? undefined : { ...related },
    state,
    proposedBy: difference.proposedBy,
    decidedBy: difference.decidedBy,
    decidedAt: optionalInstant(difference.decidedAtMs),
    reason,
    outcomeId,
  };
}
