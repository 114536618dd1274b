import type { Deadline } from '../../app/lifecycle/list-deadlines.ts';
import { needsMediation } from '../../app/lifecycle/objection-acts.ts';
import type { Act, Objection, Payment, PeriodSums, PrefundRequest, Proposal } from '../../app/lifecycle/ports.ts';
import { payDue } from '../../core/lifecycle/deadlines.ts';
import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type * as life from '../schemas/lifecycle.ts';

function optional<T, R>(value: T | undefined, present: (value: T) => R): R | undefined {
  return value === undefined ? undefined : present(value);
}

/** Amounts of an act as text. */
function presentContent({ act: _, ...content }: Act): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).map(([name, value]) => [name, typeof value === 'number' ? formatFen(value) : value]),
  );
}

export function presentProposal(proposal: Proposal): life.ProposalView {
  const { proposalId, subject, content, desk, state, madeBy, checkedBy, reason } = proposal;
  return {
    proposalId,
    subject,
    act: content.act,
    content: presentContent(content),
    desk,
    state,
    madeBy,
    madeAt: shanghaiInstant(proposal.madeAtMs),
    checkedBy,
    checkedAt: optional(proposal.checkedAtMs, shanghaiInstant),
    reason,
  };
}

export function presentObjection(objection: Objection): life.ObjectionView {
  const { objectionId, statementId, settlementId, homeRegion, treatmentRegion, institutionId } = objection;
  const { held, reason, words, state, accepted, answer, outcome, decision, decidedWindowId } = objection;
  return {
    objectionId,
    statementId,
    settlementId,
    homeRegion,
    treatmentRegion,
    institutionId,
    objected: formatFen(objection.objected),
    held,
    reason,
    words,
    state,
    openedAt: shanghaiInstant(objection.openedAtMs),
    accepted,
    answer,
    answeredAt: optional(objection.answeredAtMs, shanghaiInstant),
    mediation: needsMediation(objection),
    outcome,
    deducted: formatFen(objection.deducted),
    decision,
    decidedAt: optional(objection.decidedAtMs, shanghaiInstant),
    decidedWindowId,
    undoneAt: optional(objection.undoneAtMs, shanghaiInstant),
  };
}

export function presentPayment(payment: Payment, calendar: ClearingCalendar): life.PaymentView {
  const { paymentId, runId, payer, payee, amount, state, bank, reference, valueDate } = payment;
  return {
    paymentId,
    runId,
    payer,
    payee,
    amount: formatFen(amount),
    state,
    instructedAt: shanghaiInstant(payment.instructedAtMs),
    due: payDue(calendar, shanghaiDate(payment.instructedAtMs)),
    sentAt: optional(payment.sentAtMs, shanghaiInstant),
    paidAt: optional(payment.paidAtMs, shanghaiInstant),
    bank,
    reference,
    valueDate,
  };
}

export function presentRequest(request: PrefundRequest): life.PrefundRequestView {
  const { requestId, homeRegion, treatmentRegion, kind, state, words, bank, reference, valueDate } = request;
  return {
    requestId,
    homeRegion,
    treatmentRegion,
    kind,
    amount: formatFen(request.amount),
    granted: optional(request.granted, formatFen),
    state,
    words,
    requestedAt: shanghaiInstant(request.requestedAtMs),
    reviewedAt: optional(request.reviewedAtMs, shanghaiInstant),
    paidAt: optional(request.paidAtMs, shanghaiInstant),
    bank,
    reference,
    valueDate,
  };
}

export function presentSums(sums: PeriodSums) {
  const { homeRegion, treatmentRegion, statements, settlements, statementsHash } = sums;
  return {
    homeRegion,
    treatmentRegion,
    statements,
    settlements,
    owed: formatFen(sums.owed),
    carried: formatFen(sums.carried),
    deducted: formatFen(sums.deducted),
    disputed: formatFen(sums.disputed),
    statementsHash,
    madeAt: shanghaiInstant(sums.madeAtMs),
  };
}

export function presentDeadline({ subject, step, desk, due, overdue, mediation }: Deadline) {
  return { subject, step, desk, due, overdue, mediation };
}
