import { ageOn, benefitYearStart, type DateText } from '../calendar.ts';
import type { Policy } from '../policy/policy.ts';
import type { PairRules, Rulebook } from '../policy/rulebook.ts';
import type { FilingKind } from '../policy/terms.ts';
import type { Attributes } from '../policy/parameter.ts';
import type { Facts } from './facts.ts';
import type { Rejection, RejectionCode } from './verdict.ts';

/** Which rules a bill falls under, and when. */
export interface Ground {
  readonly policy: Policy;
  readonly pair: PairRules;
  /** Day on which every parameter is looked up. */
  readonly benefitDate: DateText;
  readonly yearStart: DateText;
}

/** A rejection with its words; detail names fields and codes, never a person. */
export function reject(code: RejectionCode, detail: string): Rejection {
  return { kind: 'rejection', code, detail };
}

interface Dated {
  readonly from: DateText;
  readonly to: DateText | undefined;
}

/** Whether a span, both ends included, holds a day. */
export function spans({ from, to }: Dated, on: DateText): boolean {
  return from <= on && (to === undefined || on <= to);
}

function benefitDateOf(policy: Policy, { bill, settledOn }: Facts): DateText {
  if (bill.kind !== 'inpatient') return bill.visitDate;
  switch (policy.year.placedBy) {
    case 'settlement':
      return settledOn;
    case 'discharge':
      return bill.visitDate;
    case 'admission':
      return bill.admissionDate ?? bill.visitDate;
  }
}

function coverageRejection({ person }: Facts, on: DateText): Rejection | undefined {
  const spansToday = person.coverage.filter((span) => spans(span, on));
  if (spansToday.length === 0) return reject('NOT_INSURED', `not insured on ${on}`);
  if (spansToday.some((span) => span.state === 'suspended')) {
    return reject('COVERAGE_SUSPENDED', `coverage is suspended on ${on}`);
  }
  return undefined;
}

/**
 * Finds the policy and the dates that count, or says why there is no benefit.
 *
 * @shape facts, rulebook → ground | rejection
 * @source policy-facts A.0, B.8: which date places a bill differs by region and scheme
 */
export function findGround(facts: Facts, rulebook: Rulebook): Ground | Rejection {
  const { person, bill, institution, settledOn } = facts;
  const today = rulebook.policyOn(person.homeRegion, person.scheme, settledOn);
  const benefitDate = today === undefined ? bill.visitDate : benefitDateOf(today, facts);
  const notCovered = coverageRejection(facts, benefitDate);
  if (notCovered !== undefined) return notCovered;
  const policy = today && rulebook.policyOn(person.homeRegion, person.scheme, benefitDate);
  if (policy === undefined) {
    return reject('NO_POLICY', `no ${person.scheme} policy of ${person.homeRegion} on ${benefitDate}`);
  }
  if (policy.benefits[bill.kind] === undefined) {
    return reject('BENEFIT_NOT_PROVIDED', `policy ${policy.id} has no ${bill.kind} benefit`);
  }
  const pair = rulebook.pairOn(person.homeRegion, institution.region, bill.kind, benefitDate);
  return { policy, pair, benefitDate, yearStart: benefitYearStart(benefitDate, policy.year.startsOn) };
}

const FILING_ORDER: readonly FilingKind[] = ['longTerm', 'referral', 'emergency', 'other'];

/**
 * How the treatment was filed; an emergency counts as filed. A stay that began inside a filing is covered to discharge,
 * and one that was filed before it was settled is filed.
 *
 * @source policy-facts B.2
 */
function filingOn({ person, bill, institution }: Facts, on: DateText): FilingKind {
  if (bill.emergency) return 'emergency';
  if (person.filings.length === 0) return 'none';
  const began = bill.kind === 'inpatient' ? (bill.admissionDate ?? on) : on;
  const valid = person.filings.filter(
    (filing) =>
      (spans(filing, on) || spans(filing, began)) &&
      (filing.treatmentRegion === undefined || filing.treatmentRegion === institution.region),
  );
  return FILING_ORDER.find((kind) => valid.some((filing) => filing.kind === kind)) ?? 'none';
}

/** What parameters may depend on, for the bill as a whole. */
export function attributesOf(facts: Facts, on: DateText): Attributes {
  const { person, bill, institution } = facts;
  return {
    level: institution.level,
    status: person.status,
    age: ageOn(person.birthDate, on),
    retiredOn: person.retiredOn,
    severeDisability: person.severeDisability,
    student: person.student,
    familyDoctor: person.familyDoctor,
    civilServant: person.civilServant,
    medicalAid: person.medicalAid,
    groups: institution.groups,
    benefit: bill.kind,
    emergency: bill.emergency,
    filing: filingOn(facts, on),
    disease: bill.disease,
    period: undefined,
    admission: 0,
    band: 0,
    itemClass: undefined,
  };
}
