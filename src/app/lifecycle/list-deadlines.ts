import { dayOfMonth, type DateText } from '../../core/calendar.ts';
import {
  addBusinessDays,
  answerDue,
  confirmDue,
  decisionDue,
  monthOfYear,
  payDue,
} from '../../core/lifecycle/deadlines.ts';
import { hasConfirmed } from '../../core/lifecycle/statement-states.ts';
import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import { deciderOf, deskFor, isAnswerOverdue, needsMediation } from './objection-acts.ts';
import type {
  LifeQueries,
  ListQuery,
  Objection,
  Payment,
  PrefundRequest,
  StatementLife,
  SubjectKind,
} from './ports.ts';

/** Something that somebody is to do by a day. */
export interface Deadline {
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly step: 'confirm' | 'answer' | 'decide' | 'pay' | 'review';
  /** The county that is to do it, or `operator`. */
  readonly desk: string;
  readonly due: DateText;
  readonly overdue: boolean;
  /** The two counties see it differently: somebody should mediate. */
  readonly mediation: boolean;
}

type Due = Omit<Deadline, 'overdue' | 'mediation'> & { readonly mediation?: boolean };

/** What listing deadlines needs from outside. */
export interface DeadlineDeps {
  readonly lifeQueries: Pick<LifeQueries, 'statements' | 'openObjections' | 'payments' | 'requests'>;
  readonly calendar: () => ClearingCalendar;
  readonly clock: Clock;
}

/** By when each side that has not confirmed is to do so. */
export function statementDeadlines(calendar: ClearingCalendar, statement: StatementLife): Due[] {
  const { statementId: id, businessDate, homeRegion, treatmentRegion, state } = statement;
  const due = confirmDue(calendar, businessDate);
  return (['home', 'treatment'] as const)
    .filter((side) => !hasConfirmed(state, side))
    .map((side) => ({
      subject: { kind: 'statement', id },
      step: 'confirm',
      desk: side === 'home' ? homeRegion : treatmentRegion,
      due,
    }));
}

/** By when an objection is to be answered, or decided. */
export function objectionDeadlines(calendar: ClearingCalendar, objection: Objection, nowMs: number): Due[] {
  const subject = { kind: 'objection', id: objection.objectionId } as const;
  const answerBy = answerDue(calendar, shanghaiDate(objection.openedAtMs));
  const answer: Due = { subject, step: 'answer', desk: objection.treatmentRegion, due: answerBy };
  if (objection.state === 'open' && !isAnswerOverdue(calendar, objection, nowMs)) return [answer];
  const since = objection.answeredAtMs === undefined ? answerBy : shanghaiDate(objection.answeredAtMs);
  const desk = deskFor(deciderOf(calendar, objection), objection);
  const mediation = needsMediation(objection);
  const decision: Due = { subject, step: 'decide', desk, due: decisionDue(calendar, since), mediation };
  return objection.state === 'open' ? [answer, decision] : [decision];
}

function paymentDeadline(calendar: ClearingCalendar, { paymentId: id, payer, instructedAtMs }: Payment): Due {
  return {
    subject: { kind: 'payment', id },
    step: 'pay',
    desk: payer,
    due: payDue(calendar, shanghaiDate(instructedAtMs)),
  };
}

function requestDeadlines(calendar: ClearingCalendar, request: PrefundRequest): Due[] {
  const subject = { kind: 'request', id: request.requestId } as const;
  const requestedOn = shanghaiDate(request.requestedAtMs);
  if (request.state === 'requested') {
    const desk = deskFor(calendar.topUpReviewer.value, request);
    return [{ subject, step: 'review', desk, due: addBusinessDays(calendar, requestedOn, calendar.topUpDays.value) }];
  }
  if (request.state !== 'reviewed') return [];
  const reviewedOn = shanghaiDate(request.reviewedAtMs ?? request.requestedAtMs);
  const paidMonth = monthOfYear(Number(requestedOn.slice(0, 4)), calendar.resizePaidMonth.value);
  const due = request.kind === 'yearly' ? dayOfMonth(paidMonth, 31) : payDue(calendar, reviewedOn);
  const desk = (request.granted ?? request.amount) > 0 ? request.homeRegion : request.treatmentRegion;
  return [{ subject, step: 'pay', desk, due }];
}

/**
 * What is to be done by when, oldest first: by one county, or by all. Nothing happens by itself when a day passes: silence
 * is no confirmation, it is listed as overdue.
 *
 * @source reference B.5–B.7
 */
export async function listDeadlines(
  { lifeQueries, calendar: read, clock }: DeadlineDeps,
  query: ListQuery,
): Promise<readonly Deadline[]> {
  const calendar = read();
  const nowMs = clock.now();
  const today = shanghaiDate(nowMs);
  const [statements, objections, payments, requests] = await Promise.all([
    lifeQueries.statements(['issued', 'homeConfirmed', 'treatmentConfirmed'], query),
    lifeQueries.openObjections(query),
    lifeQueries.payments(undefined, query),
    lifeQueries.requests(query),
  ]);
  const all = [
    ...statements.flatMap((statement) => statementDeadlines(calendar, statement)),
    ...objections.flatMap((objection) => objectionDeadlines(calendar, objection, nowMs)),
    ...payments.map((payment) => paymentDeadline(calendar, payment)),
    ...requests.flatMap((request) => requestDeadlines(calendar, request)),
  ];
  return all
    .filter(({ desk }) => query.county === undefined || desk === query.county)
    .map((due) => ({ mediation: false, ...due, overdue: today > due.due }))
    .sort((left, right) => (left.due < right.due ? -1 : left.due > right.due ? 1 : 0))
    .slice(0, query.limit);
}
