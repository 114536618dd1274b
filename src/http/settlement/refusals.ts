import type { Refusal } from '../../app/settlement/judge-bill.ts';
import type { SettleOutcome } from '../../app/settlement/settle-bills.ts';
import { wordsOfLimit } from '../../app/standin/settle-asking-home.ts';
import type { RejectionCode } from '../../core/adjudicate/verdict.ts';
import { AppError, invalidInput } from '../../platform/errors.ts';

/** What the counter can do about a lawful no. */
const HELP: Readonly<Record<RejectionCode, string>> = {
  NOT_INSURED: 'check personId and visitDate; without coverage the patient pays in full and claims at home',
  COVERAGE_SUSPENDED: 'the patient pays in full and claims at home once coverage is restored',
  NO_POLICY: 'the home fund has no rules in force for this day; ask the fund',
  BENEFIT_NOT_PROVIDED: 'send the bill under a kind that the home scheme provides',
  NO_CATALOGUE: 'no catalogue is in force for the fee dates; ask the fund whose catalogue applies',
  DISEASE_NOT_LISTED: 'send the bill as an outpatient bill, or correct the disease',
  DISEASE_NOT_OPEN: 'the two counties do not settle this disease directly: the patient claims at home',
  NO_REGISTRATION: 'the patient registers the disease with the home fund first',
  PERIOD_ENDED: 'a relapse is registered anew with the home fund',
};

function unknownPerson(field: 'personId' | 'familyPayer'): AppError {
  const problem =
    field === 'personId' ? 'is nobody the engine knows' : 'is nobody who may pay from their account for this person';
  return new AppError('UNKNOWN_PERSON', `${field} ${problem}`, {
    status: 422,
    fields: [{ field, problem }],
    help: 'check the number; a person insured elsewhere reaches the engine with the next feed of the home fund',
  });
}

/** A refusal as the problem that a caller gets. */
export function refusalError(refusal: Refusal): AppError {
  switch (refusal.kind) {
    case 'rejected': {
      const { code, detail } = refusal.rejection;
      return new AppError(code, detail, { status: 422, help: HELP[code] });
    }
    case 'unknownPerson':
      return unknownPerson(refusal.field);
    case 'beforeBirth':
      return invalidInput([{ field: 'visitDate', problem: 'lies before the birth of the person' }]);
  }
}

const HELP_BEYOND = [
  'tell the patient: either wait until the home fund can be reached and send the bill again, or pay in full now and be paid',
  'by the home fund; a case for the two counties is open',
].join(' ');

/** What the counter is told when the home fund cannot be asked and the engine may not stand in for it. */
export function homeFundError(outcome: Extract<SettleOutcome, { kind: 'staleCopy' | 'standInRefused' }>): AppError {
  if (outcome.kind === 'staleCopy') {
    const words = 'what is known of the person is too old, and the home fund was not asked';
    return new AppError('COPY_TOO_OLD', words, { status: 503, retryable: true, help: 'send the bill again' });
  }
  const { limit, homeRegion } = outcome;
  return new AppError('STAND_IN_REFUSED', wordsOfLimit(outcome), {
    status: 503,
    retryable: true,
    help: HELP_BEYOND,
    extra: { limit, homeRegion },
  });
}
