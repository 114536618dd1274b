import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import type { Bill, Facts, InstitutionFacts } from '../../core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../core/adjudicate/verdict.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import type { PersonRecord, PersonState } from '../ports.ts';
import type { Standing } from '../standin/ports.ts';

/** A checked bill on its way to be settled or quoted. */
export interface BillCommand {
  readonly institution: InstitutionFacts;
  readonly billNumber: string;
  readonly requestKey: string;
  readonly contentHash: string;
  readonly personId: string;
  /** The relative whose account pays too. */
  readonly familyPayer: string | undefined;
  readonly bill: Bill;
  /** After the home fund was asked; undefined before. */
  readonly standing?: Standing;
}

/** Why a bill comes to nothing, short of a conflict. */
export type Refusal =
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'unknownPerson'; readonly field: 'personId' | 'familyPayer' }
  | { readonly kind: 'beforeBirth' };

/** A bill worked out on the state as it is now. */
export interface Judgement {
  readonly kind: 'judged';
  readonly facts: Facts;
  readonly person: PersonRecord;
  readonly verdict: Verdict;
}

/** Only a relative insured in the same county, who said so, pays with their account. */
function mayPayFor(payer: PersonRecord | undefined, patient: PersonRecord): boolean {
  if (payer === undefined || payer.id === patient.id) return false;
  return payer.homeRegion === patient.homeRegion && payer.sharesAccountWith.includes(patient.id);
}

/**
 * Puts the facts of a bill together and adjudicates them.
 *
 * @shape command, persons by id, instant → judgement | refusal
 * @throws InvariantViolation on a bug in adjudication
 */
export function judgeBill(
  command: BillCommand,
  personOf: (id: string) => PersonState | undefined,
  rulebook: Rulebook,
  nowMs: number,
): Judgement | Refusal {
  const { bill, institution, familyPayer } = command;
  const patient = personOf(command.personId);
  if (patient === undefined) return { kind: 'unknownPerson', field: 'personId' };
  const { person, accumulators } = patient;
  if (bill.visitDate < person.birthDate) return { kind: 'beforeBirth' };
  const payer = familyPayer === undefined ? undefined : personOf(familyPayer);
  if (familyPayer !== undefined && !mayPayFor(payer?.person, person)) {
    return { kind: 'unknownPerson', field: 'familyPayer' };
  }
  const accounts = { ...patient.accounts, family: payer?.accounts.carried ?? 0 };
  const facts: Facts = { bill, institution, person, settledOn: shanghaiDate(nowMs), accumulators, accounts };
  const verdict = adjudicate(facts, rulebook);
  if (verdict.kind === 'rejection') return { kind: 'rejected', rejection: verdict };
  return { kind: 'judged', facts, person, verdict };
}

/** Key under which a bill's attempts are found. */
export function billKeyOf(institutionId: string, billNumber: string): string {
  return `${institutionId}/${billNumber}`;
}
