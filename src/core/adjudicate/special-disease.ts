import { addMonths, type DateText } from '../calendar.ts';
import { rowFor, type Attributes, type ParameterRow } from '../policy/parameter.ts';
import type { SpecialDisease } from '../policy/policy.ts';
import type { BillLine, Facts, Registration } from './facts.ts';
import { reject, spans, type Ground } from './eligibility.ts';
import type { Rejection } from './verdict.ts';

/** The special disease that a bill is for, and where its periods stand. */
export interface DiseaseGround {
  readonly disease: SpecialDisease;
  readonly period: string | undefined;
  /** Bucket of `per: period` accumulators. */
  readonly periodBucket: string | undefined;
  readonly rows: readonly ParameterRow<unknown>[];
}

function latestRegistration(facts: Facts, disease: string, on: DateText): Registration | undefined {
  let latest: Registration | undefined;
  for (const registration of facts.person.registrations) {
    if (registration.disease !== disease || !spans(registration, on)) continue;
    if (latest === undefined || registration.periodsFrom > latest.periodsFrom) latest = registration;
  }
  return latest;
}

function placeInPeriods(
  disease: SpecialDisease,
  registration: Registration,
  on: DateText,
  attributes: Attributes,
): DiseaseGround | Rejection {
  const rows: ParameterRow<unknown>[] = [disease.row];
  if (disease.periods.length === 0) return { disease, period: undefined, periodBucket: undefined, rows };
  let from = registration.periodsFrom;
  for (const period of disease.periods) {
    const months = period.months && rowFor(period.months, on, attributes);
    if (months !== undefined) rows.push(months);
    const next = months && addMonths(from, months.value);
    if (next === undefined || on < next) {
      return { disease, period: period.id, periodBucket: `${disease.code}/${from}`, rows };
    }
    from = next;
  }
  return reject('PERIOD_ENDED', `the last period of ${disease.code} ended before ${on}`);
}

/**
 * Opens the gate of a special disease: listed by the policy, open between the two counties, registered, in a period.
 *
 * @shape facts, ground, attributes → disease and period | rejection
 * @source policy-facts G.10, A.2 (a relapse is a new registration and restarts the periods), design §5
 */
export function gateDisease(facts: Facts, ground: Ground, attributes: Attributes): DiseaseGround | Rejection {
  const { bill, person, institution } = facts;
  const code = bill.disease;
  const disease = ground.policy.diseases.find((candidate) => candidate.code === code);
  if (code === undefined || disease === undefined) {
    return reject('DISEASE_NOT_LISTED', `policy ${ground.policy.id} lists no disease ${code ?? '(none given)'}`);
  }
  if (person.homeRegion !== institution.region && !ground.pair.openDiseases.includes(code)) {
    return reject('DISEASE_NOT_OPEN', `${code} is not open between ${person.homeRegion} and ${institution.region}`);
  }
  const registration = latestRegistration(facts, code, ground.benefitDate);
  if (registration === undefined)
    return reject('NO_REGISTRATION', `no registration of ${code} on ${ground.benefitDate}`);
  return placeInPeriods(disease, registration, ground.benefitDate, { ...attributes, disease: code });
}

/** Whether a line is of the disease: by list, by the doctor's certificate, or because every item is. */
export function isRelated(disease: SpecialDisease, line: BillLine): boolean {
  if (disease.scope === 'any') return true;
  if (disease.certifiedItems && line.certifiedFor === disease.code) return true;
  const { code } = line;
  if (code === undefined) return false;
  return disease.items.some((item) => (item.endsWith('*') ? code.startsWith(item.slice(0, -1)) : code === item));
}
