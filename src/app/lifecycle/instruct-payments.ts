import { createHash } from 'node:crypto';
import { multilateralNets, transfersFor, type Owed } from '../../core/clearing/netting.ts';
import { dayOfMonth, type MonthText } from '../../core/calendar.ts';
import { nettingPostings } from '../../core/ledger/payments.ts';
import { instructDate } from '../../core/lifecycle/deadlines.ts';
import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import { formatFen } from '../../core/money/text.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { LifeStore, NewRun, Payment, PaymentRun, StatementLife } from './ports.ts';
import { payableOf } from './statement-acts.ts';

/** What instructing payments needs from outside. */
export interface InstructDeps {
  readonly life: Pick<LifeStore, 'instruct'>;
  readonly calendar: () => ClearingCalendar;
  readonly clock: Clock;
  readonly newId: () => string;
}

/**
 * Hash of the statements of a run: SHA-256 over one line each, in the order of their ids, with statement, hash of its items
 * and undisputed amount, `|` between them. Either side can work it out from the annex of an instruction.
 */
export function statementsHash(statements: readonly StatementLife[]): string {
  const hash = createHash('sha256');
  for (const statement of statements) {
    const { statementId, itemsHash } = statement;
    hash.update(`${statementId}|${itemsHash}|${formatFen(payableOf(statement))}\n`);
  }
  return hash.digest('hex');
}

/** What each pair has to pay by a run's statements. */
function payableByPair(statements: readonly StatementLife[]): Owed[] {
  return statements.map((statement) => {
    const { homeRegion, treatmentRegion } = statement;
    return { homeRegion, treatmentRegion, amount: payableOf(statement) };
  });
}

function newRun(
  runId: MonthText,
  statements: readonly StatementLife[],
  by: string,
  { clock, newId }: InstructDeps,
): NewRun {
  const instructedAtMs = clock.now();
  const owed = payableByPair(statements);
  const transfers = transfersFor(multilateralNets(owed, []));
  const itemsHash = statementsHash(statements);
  const postings = nettingPostings(owed, transfers);
  const run = { runId, statements: statements.length, itemsHash, instructedAtMs, instructedBy: by };
  const about = { enteredAtMs: instructedAtMs, enteredBy: by, reason: `payments of ${runId} netted` };
  return {
    run,
    payments: transfers.map((transfer): Payment => ({
      ...transfer,
      paymentId: `${runId}-${transfer.payer}-${transfer.payee}`,
      runId,
      state: 'instructed',
      instructedAtMs,
      sentAtMs: undefined,
      paidAtMs: undefined,
      bank: undefined,
      reference: undefined,
      valueDate: undefined,
    })),
    entry:
      postings.length === 0 ? undefined : { entryId: newId(), kind: 'payment', subjectId: runId, ...about, postings },
  };
}

/**
 * Instructs the payments of a month: what both sides have confirmed, of all windows up to the month's end, is netted over
 * all counties into few transfers. What is not confirmed, or is disputed, waits for a later month and holds nothing up.
 *
 * @shape month, who as `JournalEntry.enteredBy` → its run; the same one when it is there already
 * @throws AppError TOO_EARLY before the calendar's day, and what the store throws
 * @source design §9: netting by night, payment by the monthly calendar
 */
export function instructPayments(deps: InstructDeps, month: MonthText, by: string): Promise<PaymentRun> {
  const day = instructDate(deps.calendar(), month);
  if (shanghaiDate(deps.clock.now()) < day) {
    const message = `the payments of ${month} are instructed on ${day}`;
    return Promise.reject(new AppError('TOO_EARLY', message, { status: 409, help: 'ask again on that day' }));
  }
  return deps.life.instruct(month, dayOfMonth(month, 31), (statements) => newRun(month, statements, by, deps));
}
