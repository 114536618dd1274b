import type {
  Act,
  ObjectedSettlement,
  Objection,
  Payment,
  PaymentRun,
  PrefundRequest,
  Proposal,
  StatementLife,
  SubjectKind,
} from '../../app/lifecycle/ports.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { Fund, Scheme } from '../../core/policy/terms.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { FUND_COLUMNS } from '../settlement/settlement-rows.ts';
import type { Row } from '../engine/raw-rows.ts';

/** Statements with the day of their window, to be followed by WHERE on `t` and `w`. Nobody acts on one before it is issued. */
export const STATEMENTS = `SELECT t.*, w.business_date FROM clearing_statement t
  JOIN clearing_window w ON w.window_id = t.window_id AND w.state IN ('issued', 'confirmed', 'paid')`;

/** Payments with when they were instructed, to be followed by WHERE on `p`. */
export const PAYMENTS = `SELECT p.*, r.instructed_at_ms FROM payment p
  JOIN payment_run r ON r.run_id = p.run_id`;

/** A bill with whether it is reversed (the reversal of attempt n of a bill is its attempt −n) and what corrected it. */
export const OBJECTED_SETTLEMENTS = `SELECT s.*,
    (SELECT COUNT(*) FROM settlement r WHERE r.bill_key = s.bill_key AND r.attempt = -s.attempt) AS reversals,
    (SELECT COUNT(*) FROM objection o WHERE o.settlement_id = s.settlement_id) AS objections,
    (SELECT COALESCE(SUM(d.adjust_by_fen), 0) FROM reconciliation_difference d
       WHERE d.corrects = s.settlement_id AND d.state = 'accepted') AS corrected_fen
  FROM settlement s`;

function optionalInteger(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : exactInteger(value);
}

function optionalText(value: unknown): string | undefined {
  return (value as string | null) ?? undefined;
}

function pairOf(record: Row): { homeRegion: string; treatmentRegion: string } {
  return { homeRegion: record.home_region as string, treatmentRegion: record.treatment_region as string };
}

export function statementLifeOf(record: Row): StatementLife {
  return {
    statementId: record.statement_id as string,
    windowId: exactInteger(record.window_id),
    businessDate: record.business_date as string,
    ...pairOf(record),
    settlements: exactInteger(record.settlements),
    itemsHash: record.items_hash as string,
    owed: exactInteger(record.owed_fen),
    disputed: exactInteger(record.disputed_fen),
    state: record.state as StatementLife['state'],
    runId: optionalText(record.run_id),
  };
}

export function proposalOf(record: Row): Proposal {
  return {
    proposalId: record.proposal_id as string,
    subject: { kind: record.subject_kind as SubjectKind, id: record.subject_id as string },
    content: JSON.parse(record.content as string) as Act,
    desk: record.desk as string,
    state: record.state as Proposal['state'],
    madeBy: record.made_by as string,
    madeAtMs: exactInteger(record.made_at_ms),
    checkedBy: optionalText(record.checked_by),
    checkedAtMs: optionalInteger(record.checked_at_ms),
    reason: optionalText(record.reason),
  };
}

export function proposalRow({ subject, content, ...proposal }: Proposal): Row {
  return {
    proposal_id: proposal.proposalId,
    subject_kind: subject.kind,
    subject_id: subject.id,
    act: content.act,
    desk: proposal.desk,
    content: JSON.stringify(content),
    state: proposal.state,
    made_by: proposal.madeBy,
    made_at_ms: proposal.madeAtMs,
    checked_by: proposal.checkedBy ?? null,
    checked_at_ms: proposal.checkedAtMs ?? null,
    reason: proposal.reason ?? null,
  };
}

export function objectionOf(record: Row): Objection {
  const accepted = optionalInteger(record.accepted);
  return {
    objectionId: record.objection_id as string,
    statementId: record.statement_id as string,
    settlementId: record.settlement_id as string,
    ...pairOf(record),
    institutionId: record.institution_id as string,
    scheme: record.scheme as Scheme,
    objected: exactInteger(record.objected_fen),
    held: exactInteger(record.held) === 1,
    reason: record.reason_code as Objection['reason'],
    words: record.reason as string,
    state: record.state as Objection['state'],
    openedAtMs: exactInteger(record.opened_at_ms),
    accepted: accepted === undefined ? undefined : accepted === 1,
    answer: optionalText(record.answer),
    answeredAtMs: optionalInteger(record.answered_at_ms),
    outcome: optionalText(record.outcome) as Objection['outcome'],
    deducted: exactInteger(record.deducted_fen),
    decision: optionalText(record.decision),
    decidedAtMs: optionalInteger(record.decided_at_ms),
    decidedWindowId: optionalInteger(record.decided_window_id),
    undoneAtMs: optionalInteger(record.undone_at_ms),
  };
}

export function objectionRow(objection: Objection): Row {
  return {
    objection_id: objection.objectionId,
    statement_id: objection.statementId,
    settlement_id: objection.settlementId,
    home_region: objection.homeRegion,
    treatment_region: objection.treatmentRegion,
    institution_id: objection.institutionId,
    scheme: objection.scheme,
    objected_fen: objection.objected,
    held: objection.held ? 1 : 0,
    reason_code: objection.reason,
    reason: objection.words,
    state: objection.state,
    opened_at_ms: objection.openedAtMs,
    accepted: objection.accepted === undefined ? null : Number(objection.accepted),
    answer: objection.answer ?? null,
    answered_at_ms: objection.answeredAtMs ?? null,
    outcome: objection.outcome ?? null,
    deducted_fen: objection.deducted,
    decision: objection.decision ?? null,
    decided_at_ms: objection.decidedAtMs ?? null,
    decided_window_id: objection.decidedWindowId ?? null,
    undone_at_ms: objection.undoneAtMs ?? null,
  };
}

export function adjustmentOf(record: Row): Adjustment {
  return {
    windowId: exactInteger(record.window_id),
    ...pairOf(record),
    institutionId: record.institution_id as string,
    scheme: record.scheme as Scheme,
    layer: record.layer as Adjustment['layer'],
    amount: exactInteger(record.amount_fen),
    subjectId: record.subject_id as string,
    kind: record.kind as Adjustment['kind'],
  };
}

export function adjustmentRow(adjustment: Adjustment): Row {
  return {
    window_id: adjustment.windowId,
    home_region: adjustment.homeRegion,
    treatment_region: adjustment.treatmentRegion,
    institution_id: adjustment.institutionId,
    scheme: adjustment.scheme,
    layer: adjustment.layer,
    amount_fen: exactInteger(adjustment.amount),
    subject_id: adjustment.subjectId,
    kind: adjustment.kind,
  };
}

export function objectedSettlementOf(record: Row): ObjectedSettlement {
  const paid = Object.entries(FUND_COLUMNS).map(([fund, column]) => [fund, exactInteger(record[column])]);
  const funds = Object.fromEntries(paid) as Record<Fund, number>;
  // What reconciliation corrected, on the pool, is no longer there to object to, or is there besides.
  const corrected = exactInteger(record.corrected_fen);
  return {
    settlementId: record.settlement_id as string,
    institutionId: record.institution_id as string,
    scheme: record.scheme as Scheme,
    windowId: exactInteger(record.window_id),
    ...pairOf(record),
    reverses: optionalText(record.reverses),
    funds: { ...funds, pool: funds.pool + corrected },
    fundTotal: exactInteger(record.fund_total_fen) + corrected,
    reversed: exactInteger(record.reversals) > 0,
    objected: exactInteger(record.objections) > 0,
  };
}

export function runOf(record: Row): PaymentRun {
  return {
    runId: record.run_id as string,
    statements: exactInteger(record.statements),
    itemsHash: record.items_hash as string,
    instructedAtMs: exactInteger(record.instructed_at_ms),
    instructedBy: record.instructed_by as string,
  };
}

function bankOf(record: Row): Pick<Payment, 'bank' | 'reference' | 'valueDate'> {
  return {
    bank: optionalText(record.bank),
    reference: optionalText(record.bank_reference),
    valueDate: optionalText(record.value_date),
  };
}

export function paymentOf(record: Row): Payment {
  return {
    paymentId: record.payment_id as string,
    runId: record.run_id as string,
    payer: record.payer as string,
    payee: record.payee as string,
    amount: exactInteger(record.amount_fen),
    state: record.state as Payment['state'],
    instructedAtMs: exactInteger(record.instructed_at_ms),
    sentAtMs: optionalInteger(record.sent_at_ms),
    paidAtMs: optionalInteger(record.paid_at_ms),
    ...bankOf(record),
  };
}

export function paymentRow(payment: Payment): Row {
  return {
    payment_id: payment.paymentId,
    run_id: payment.runId,
    payer: payment.payer,
    payee: payment.payee,
    amount_fen: exactInteger(payment.amount),
    state: payment.state,
    sent_at_ms: payment.sentAtMs ?? null,
    paid_at_ms: payment.paidAtMs ?? null,
    bank: payment.bank ?? null,
    bank_reference: payment.reference ?? null,
    value_date: payment.valueDate ?? null,
  };
}

export function requestOf(record: Row): PrefundRequest {
  return {
    requestId: record.request_id as string,
    ...pairOf(record),
    kind: record.kind as PrefundRequest['kind'],
    amount: exactInteger(record.amount_fen),
    granted: optionalInteger(record.granted_fen),
    state: record.state as PrefundRequest['state'],
    words: record.reason as string,
    requestedAtMs: exactInteger(record.requested_at_ms),
    reviewedAtMs: optionalInteger(record.reviewed_at_ms),
    paidAtMs: optionalInteger(record.paid_at_ms),
    ...bankOf(record),
  };
}

export function requestRow(request: PrefundRequest): Row {
  return {
    request_id: request.requestId,
    home_region: request.homeRegion,
    treatment_region: request.treatmentRegion,
    kind: request.kind,
    amount_fen: exactInteger(request.amount),
    granted_fen: request.granted ?? null,
    state: request.state,
    reason: request.words,
    requested_at_ms: request.requestedAtMs,
    reviewed_at_ms: request.reviewedAtMs ?? null,
    paid_at_ms: request.paidAtMs ?? null,
    bank: request.bank ?? null,
    bank_reference: request.reference ?? null,
    value_date: request.valueDate ?? null,
  };
}
