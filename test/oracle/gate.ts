import type { Facts, Registration } from '../../src/core/adjudicate/facts.ts';
import type { RejectionCode } from '../../src/core/adjudicate/verdict.ts';
import type { Catalogue } from '../../src/core/policy/catalogue.ts';
import type { Attributes, Parameter } from '../../src/core/policy/parameter.ts';
import type { Policy, SpecialDisease } from '../../src/core/policy/policy.ts';
import type { PairRules, Rulebook } from '../../src/core/policy/rulebook.ts';
import type { FilingKind } from '../../src/core/policy/terms.ts';
import { plusMonths, yearsOld } from './days.ts';

/** What is known of a bill once nothing forbids it. */
export interface Ground {
  readonly facts: Facts;
  readonly policy: Policy;
  readonly pair: PairRules;
  /** The day on which every parameter is looked up. */
  readonly day: string;
  /** The catalogue that splits each line, by the line's number. */
  readonly catalogues: ReadonlyMap<number, Catalogue>;
  readonly disease: SpecialDisease | undefined;
  readonly period: { readonly id: string; readonly from: string } | undefined;
  /** What is the same for every part of the bill, with the institution's own level. */
  readonly attributes: Attributes;
}

interface Span {
  readonly from: string;
  readonly to: string | undefined;
}

function covers(span: Span, day: string): boolean {
  return span.from <= day && (span.to ?? '9999-12-31') >= day;
}

/** The value of law on a day: the first row whose condition holds, of the one entry that is in force. */
export function rowOf<T>(parameter: Parameter<T>, day: string, attributes: Attributes) {
  const entries = parameter.entries.filter((entry) => covers(entry, day));
  if (entries.length !== 1) throw new Error(`${parameter.id} has ${entries.length} entries on ${day}`);
  const row = entries[0]?.rows.find(({ when }) => when?.holds(attributes) ?? true);
  if (row === undefined) throw new Error(`${parameter.id} has no row`);
  return row;
}

/** The line whose split a line follows: its own, or that of the line it refunds. */
export function origin(facts: Facts, no: number) {
  const line = facts.bill.lines.find((each) => each.no === no);
  const refunded = facts.bill.lines.find((each) => each.no === line?.refundOf);
  const found = refunded ?? line;
  if (found === undefined) throw new Error(`no line ${no}`);
  return found;
}

function benefitDay({ bill, settledOn }: Facts, placedBy: Policy['year']['placedBy']): string {
  if (bill.kind !== 'inpatient' || placedBy === 'discharge') return bill.visitDate;
  return placedBy === 'settlement' ? settledOn : (bill.admissionDate ?? bill.visitDate);
}

const FILING_ORDER = ['longTerm', 'referral', 'emergency', 'other'] as const;

function filingOn({ bill, person, institution }: Facts, day: string): FilingKind {
  if (bill.emergency) return 'emergency';
  const days = [day, ...(bill.kind === 'inpatient' && bill.admissionDate !== undefined ? [bill.admissionDate] : [])];
  const fitting = person.filings.filter(
    (filing) =>
      days.some((each) => covers(filing, each)) && [undefined, institution.region].includes(filing.treatmentRegion),
  );
  return FILING_ORDER.find((kind) => fitting.some((filing) => filing.kind === kind)) ?? 'none';
}

function commonAttributes(facts: Facts, day: string): Attributes {
  const { bill, person, institution } = facts;
  return {
    level: institution.level,
    status: person.status,
    age: yearsOld(person.birthDate, day),
    retiredOn: person.retiredOn,
    severeDisability: person.severeDisability,
    student: person.student,
    familyDoctor: person.familyDoctor,
    civilServant: person.civilServant,
    medicalAid: person.medicalAid,
    groups: institution.groups,
    benefit: bill.kind,
    emergency: bill.emergency,
    filing: filingOn(facts, day),
    disease: bill.disease,
    period: undefined,
    admission: 0,
    band: 0,
    itemClass: undefined,
  };
}

/** The period of the disease that a day lies in; `ended` when it lies behind the last. */
function periodOn(disease: SpecialDisease, since: string, day: string, attributes: Attributes) {
  let from = since;
  for (const { id, months } of disease.periods) {
    const end = months === undefined ? undefined : plusMonths(from, rowOf(months, day, attributes).value);
    if (end === undefined || day < end) return { id, from };
    from = end;
  }
  return disease.periods.length === 0 ? undefined : 'ended';
}

function registrationOf(facts: Facts, disease: string, day: string): Registration | undefined {
  const valid = facts.person.registrations.filter((each) => each.disease === disease && covers(each, day));
  return valid.toSorted((a, b) => (a.periodsFrom < b.periodsFrom ? 1 : -1))[0];
}

function cataloguesOf(facts: Facts, rulebook: Rulebook, region: string): Map<number, Catalogue> | undefined {
  const found = new Map<number, Catalogue>();
  for (const { no } of facts.bill.lines) {
    const catalogue = rulebook.catalogueOn(region, origin(facts, no).feeDate);
    if (catalogue === undefined) return undefined;
    found.set(no, catalogue);
  }
  return found;
}

/** The first reason to refuse a bill, in the lawful order, or the ground on which it is worked out. */
export function gate(facts: Facts, rulebook: Rulebook): Ground | RejectionCode {
  const { bill, person, institution } = facts;
  const settling = rulebook.policyOn(person.homeRegion, person.scheme, facts.settledOn);
  const day = settling === undefined ? bill.visitDate : benefitDay(facts, settling.year.placedBy);

  const coverage = person.coverage.filter((span) => covers(span, day));
  if (coverage.length === 0) return 'NOT_INSURED';
  if (coverage.some(({ state }) => state === 'suspended')) return 'COVERAGE_SUSPENDED';

  const policy = rulebook.policyOn(person.homeRegion, person.scheme, day);
  if (settling === undefined || policy === undefined) return 'NO_POLICY';
  if (policy.benefits[bill.kind] === undefined) return 'BENEFIT_NOT_PROVIDED';

  const pair = rulebook.pairOn(person.homeRegion, institution.region, bill.kind, day);
  const catalogueRegion = pair.catalogueOf === 'home' ? person.homeRegion : institution.region;
  const catalogues = cataloguesOf(facts, rulebook, catalogueRegion);
  if (catalogues === undefined) return 'NO_CATALOGUE';

  const attributes = commonAttributes(facts, day);
  const ground = { facts, policy, pair, day, catalogues, attributes };
  if (bill.kind !== 'specialDisease') return { ...ground, disease: undefined, period: undefined };

  const disease = policy.diseases.find(({ code }) => code === bill.disease);
  if (disease === undefined) return 'DISEASE_NOT_LISTED';
  const away = person.homeRegion !== institution.region;
  if (away && !pair.openDiseases.includes(disease.code)) return 'DISEASE_NOT_OPEN';
  const registration = registrationOf(facts, disease.code, day);
  if (registration === undefined) return 'NO_REGISTRATION';
  const period = periodOn(disease, registration.periodsFrom, day, attributes);
  return period === 'ended' ? 'PERIOD_ENDED' : { ...ground, disease, period };
}
