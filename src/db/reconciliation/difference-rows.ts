import type { RecordedDifference } from '../../app/reconciliation/ports.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { optionalInteger, optionalText } from './run-rows.ts';
import type { Row } from '../engine/raw-rows.ts';

function oursOf(row: Row): RecordedDifference['ours'] {
  if (row.settlement_id === null) return undefined;
  return {
    settlementId: row.settlement_id as string,
    institutionId: row.institution_id as string,
    billNumber: row.bill_number as string,
    personId: row.person_id as string,
    scheme: row.scheme as Scheme,
    total: exactInteger(row.total_fen),
    fundTotal: exactInteger(row.fund_total_fen),
    account: exactInteger(row.account_fen),
  };
}

function lineOf(row: Row): RecordedDifference['line'] {
  if (row.line_no === null) return undefined;
  return {
    lineNo: exactInteger(row.line_no),
    settlementId: row.line_settlement_id as string,
    visitId: row.line_visit_id as string,
    personId: row.line_person_id as string,
    total: exactInteger(row.line_total_fen),
    fundTotal: exactInteger(row.line_fund_total_fen),
    account: exactInteger(row.line_account_fen),
  };
}

/** A row of reconciliation_difference. */
export function differenceOf(row: Row): RecordedDifference {
  const relatedId = optionalText(row.related_id);
  return {
    runId: exactInteger(row.run_id),
    differenceNo: exactInteger(row.difference_no),
    class: row.class as RecordedDifference['class'],
    action: row.action as RecordedDifference['action'],
    adjustBy: exactInteger(row.adjust_by_fen),
    refund: exactInteger(row.refund) === 1,
    homeRegion: optionalText(row.home_region),
    treatmentRegion: optionalText(row.treatment_region),
    ours: oursOf(row),
    line: lineOf(row),
    related:
      relatedId === undefined ? undefined : { settlementId: relatedId, windowId: exactInteger(row.related_window_id) },
    state: row.state as RecordedDifference['state'],
    proposedBy: optionalText(row.proposed_by),
    proposedRegion: optionalText(row.proposed_region),
    decidedBy: optionalText(row.decided_by),
    decidedAtMs: optionalInteger(row.decided_at_ms),
    reason: optionalText(row.reason),
    outcomeId: optionalText(row.outcome_id),
  };
}
