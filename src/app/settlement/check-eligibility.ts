import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import type { BillLine, Facts } from '../../core/adjudicate/facts.ts';
import type { DateText } from '../../core/calendar.ts';
import { formatFen } from '../../core/money/text.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { BenefitKind } from '../../core/policy/terms.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import type { Institution, PersonState, PersonStore } from '../ports.ts';
import { maskName } from './masking.ts';

/** Whether a person could settle a bill of a kind at an institution on a day. */
export interface EligibilityQuestion {
  readonly personId: string;
  readonly institution: Institution;
  readonly kind: BenefitKind;
  readonly visitDate: DateText;
  readonly disease: string | undefined;
}

/** What checking needs from outside. */
export interface EligibilityDeps {
  readonly persons: Pick<PersonStore, 'find'>;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
}

/** A line about nothing: with it a bill meets every gate of adjudication and costs nothing. */
function emptyLine(feeDate: DateText): BillLine {
  return {
    no: 1,
    code: undefined,
    name: '',
    quantity: 0,
    price: 0,
    amount: 0,
    feeDate,
    certifiedFor: undefined,
    restrictionMet: false,
    refundOf: undefined,
  };
}

function factsOf({ person, accumulators, accounts }: PersonState, question: EligibilityQuestion, nowMs: number): Facts {
  const { institution, kind, visitDate, disease } = question;
  return {
    bill: {
      kind,
      visitDate,
      admissionDate: kind === 'inpatient' ? visitDate : undefined,
      emergency: false,
      disease,
      total: 0,
      lines: [emptyLine(visitDate)],
    },
    institution,
    person,
    settledOn: shanghaiDate(nowMs),
    accumulators,
    accounts,
  };
}

/**
 * Answers whether a bill would be rejected, by adjudicating one about nothing: the gates are those of a real bill.
 *
 * @shape question → answer with the first rejection that applies | refusal, as for a bill
 * @units fen → yuan as text
 */
export async function checkEligibility(deps: EligibilityDeps, question: EligibilityQuestion) {
  const state = await deps.persons.find(question.personId);
  if (state === undefined) return { kind: 'unknownPerson', field: 'personId' } as const;
  if (question.visitDate < state.person.birthDate) return { kind: 'beforeBirth' } as const;
  const { person, accounts } = state;
  const { institution, visitDate } = question;
  const rulebook = deps.rulebook();
  const verdict = adjudicate(factsOf(state, question, deps.clock.now()), rulebook);
  const policy = rulebook.policyOn(person.homeRegion, person.scheme, visitDate);
  const listed = policy?.diseases.map(({ code }) => code) ?? [];
  const { openDiseases } = rulebook.pairOn(person.homeRegion, institution.region, 'specialDisease', visitDate);
  const isHome = person.homeRegion === institution.region;
  const answer = {
    personId: person.id,
    personName: maskName(person.name),
    homeRegion: person.homeRegion,
    scheme: person.scheme,
    status: person.status,
    eligible: verdict.kind === 'verdict',
    rejection: verdict.kind === 'rejection' ? { code: verdict.code, detail: verdict.detail } : undefined,
    registrations: person.registrations.map(({ disease, from, to }) => ({ disease, from, to })),
    openDiseases: listed.filter((code) => isHome || openDiseases.includes(code)),
    accounts: { current: formatFen(accounts.current), carried: formatFen(accounts.carried) },
  };
  return { kind: 'checked', answer } as const;
}
