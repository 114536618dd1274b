import type { BillRequest } from '../http/schemas/bills.ts';
import { closingBillOf, isAdult, Planner, type DayOrder, type SampleInstitution } from './day-planner.ts';
import { addPersonas } from './persona-visits.ts';
import {
  addBandAndCap,
  addOddities,
  addRefusals,
  addRelatives,
  addSecondThoughts,
  addSpecialDiseases,
} from './special-visits.ts';
import { settles, type Visit } from './visits.ts';

const VISITS = 262;
const DEPARTMENTS = ['internal', 'internal', 'internal', 'tcm', 'surgery'] as const;

/** An ordinary bill, as the institution makes them. */
function ordinaryBill(planner: Planner, institution: SampleInstitution, day: string): BillRequest {
  const { chance, maker } = planner;
  const home = planner.homeFor(institution);
  if (institution.kind === 'hospital' && institution.level >= 2 && chance.hits(130)) {
    const occasion = planner.occasion('inpatient', institution.id, planner.patient(home));
    return maker.stay(occasion, chance.between(4, 15));
  }
  if (institution.kind === 'pharmacy') {
    return maker.pharmacy(planner.occasion('pharmacy', institution.id, planner.patient(home)));
  }
  const isChild = chance.hits(120);
  const isOfAge = isAdult(day);
  const patient = planner.patient(home, (person) => isOfAge(person) !== isChild);
  const department = isChild ? 'paediatrics' : chance.pick(DEPARTMENTS);
  return maker.outpatient(planner.occasion('outpatient', institution.id, patient), department);
}

function addOrdinary(planner: Planner, institution: SampleInstitution, day: string): void {
  const bill = ordinaryBill(planner, institution, day);
  planner.add('ordinary', bill, settles(bill));
}

/**
 * Plans the sample day: everything that a counter must get right once, and ordinary bills of all institutions around it,
 * most of them over a county line. The last visit is that of `closingBillOf`.
 */
export function planSampleDay(order: DayOrder): readonly Visit[] {
  const { day, institutions, population, personas, maker } = order;
  const planner = new Planner(order);
  addPersonas(planner, personas, institutions);
  addRelatives(planner, population);
  addRefusals(planner);
  addSpecialDiseases(planner);
  addBandAndCap(planner);
  addSecondThoughts(planner);
  addOddities(planner);
  // Everyone once, then the larger ones more often.
  const weighted = institutions.flatMap((one) => Array.from({ length: one.level * 2 - 1 }, () => one));
  for (const institution of institutions) addOrdinary(planner, institution, day);
  while (planner.visits.length < VISITS - 1) addOrdinary(planner, planner.chance.pick(weighted), day);
  const inOrder = planner.chance.pickSome(planner.visits, planner.visits.length);
  const { institutionId, billNumber } = closingBillOf(day, institutions);
  const home = planner.regions.at(-1) ?? '';
  const closing = { institutionId, billNumber, visitDate: day, personId: planner.patient(home) };
  return [...inOrder, { story: 'ordinary', institutionId, steps: [settles(maker.outpatient(closing, 'internal'))] }];
}
