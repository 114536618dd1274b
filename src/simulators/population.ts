import { addDays, addYears } from './days.ts';
import { createChance, seedOf, type Chance } from './chance.ts';
import { makeName } from './names.ts';

/** An insured person as a home fund hands them over; amounts are fen, days `YYYY-MM-DD`. */
export interface InsuredPerson {
  readonly person: {
    readonly id: string;
    readonly name: string;
    readonly homeRegion: string;
    readonly scheme: 'employee' | 'resident';
    readonly birthDate: string;
    readonly status: 'active' | 'retired';
    readonly retiredOn: string | undefined;
    readonly severeDisability: boolean;
    readonly student: boolean;
    readonly familyDoctor: boolean;
    readonly civilServant: boolean;
    readonly medicalAid: 'none' | 'specialHardship' | 'lowIncome' | 'otherAid';
    readonly coverage: readonly {
      readonly from: string;
      readonly to: string | undefined;
      readonly state: 'active' | 'suspended';
    }[];
    readonly registrations: readonly {
      readonly disease: string;
      readonly from: string;
      readonly to: string | undefined;
      readonly periodsFrom: string;
    }[];
    readonly filings: readonly {
      readonly kind: 'longTerm' | 'referral' | 'emergency' | 'other';
      readonly treatmentRegion: string | undefined;
      readonly from: string;
      readonly to: string | undefined;
    }[];
    /** Relatives who may pay from this person's carried-over account. */
    readonly sharesAccountWith: readonly string[];
  };
  readonly accounts: { readonly current: number; readonly carried: number };
  /** By bucket and name; nothing is used yet. */
  readonly accumulators: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

type Person = InsuredPerson['person'];

/** What a population is made from. The same order makes the same people, byte for byte. */
export interface PopulationOrder {
  readonly seed: number;
  /** Day as of which ages, statuses and spans make sense. */
  readonly asOf: string;
  readonly regions: readonly string[];
  readonly perRegion: number;
}

const SCHEME_CODES = { employee: '310', resident: '390' } as const;

/** Uraemia with dialysis, and malignant tumours: the special diseases that counties open first. */
export const DIALYSIS = 'M07801';
export const TUMOUR = 'M00500';

/** Of five insured persons three are employees or retired ones, two are residents. */
function schemeAt(index: number): Person['scheme'] {
  return index % 5 < 3 ? 'employee' : 'resident';
}

function birthDateAt(chance: Chance, asOf: string, youngest: number, oldest: number): string {
  return addDays(addYears(asOf, -chance.between(youngest, oldest)), -chance.between(1, 364));
}

function birthDateOf(chance: Chance, scheme: Person['scheme'], asOf: string): string {
  if (scheme === 'employee') {
    return chance.hits(620) ? birthDateAt(chance, asOf, 20, 58) : birthDateAt(chance, asOf, 55, 94);
  }
  const cohort = chance.below(1000);
  if (cohort < 60) return birthDateAt(chance, asOf, 0, 5);
  if (cohort < 300) return birthDateAt(chance, asOf, 6, 17);
  if (cohort < 360) return birthDateAt(chance, asOf, 18, 22);
  return cohort < 600 ? birthDateAt(chance, asOf, 23, 59) : birthDateAt(chance, asOf, 60, 93);
}

/** Men retired at 60, women at 50 or 55; the ages that rise from 2025 on are not followed. */
function retirementOf(chance: Chance, birthDate: string, sex: 'female' | 'male', asOf: string): string | undefined {
  const age = sex === 'male' ? 60 : chance.pick([50, 55]);
  const retiredOn = addYears(birthDate, age);
  return retiredOn <= asOf ? retiredOn : undefined;
}

function coverageOf(chance: Chance, birthDate: string, asOf: string): Person['coverage'] {
  const earliest = addYears(asOf, -chance.between(2, 20));
  const from = birthDate > earliest ? birthDate : earliest;
  const daysAgo = chance.between(30, 200);
  const last = addDays(asOf, -daysAgo);
  const fate = chance.below(1000);
  if (fate >= 35 || last <= from) return [{ from, to: undefined, state: 'active' }];
  const insured = { from, to: last, state: 'active' } as const;
  if (fate < 15) return [insured];
  return [insured, { from: addDays(last, 1), to: undefined, state: 'suspended' }];
}

function registrationsOf(chance: Chance, age: number, asOf: string): Person['registrations'] {
  const registered = (disease: string, daysAgo: number): Person['registrations'] => {
    const from = addDays(asOf, -daysAgo);
    return [{ disease, from, to: undefined, periodsFrom: from }];
  };
  if (age < 30) return [];
  const fate = chance.below(1000);
  if (fate < 10) return registered(DIALYSIS, chance.between(60, 1500));
  // Up to four years: some are in the period of treatment, some in that of recovery.
  if (fate < 26) return registered(TUMOUR, chance.between(30, 1460));
  return [];
}

function filingsOf(chance: Chance, region: string, regions: readonly string[], asOf: string): Person['filings'] {
  if (!chance.hits(25)) return [];
  const kind = chance.pick(['longTerm', 'referral', 'other'] as const);
  const elsewhere = regions.filter((other) => other !== region);
  const treatmentRegion = kind === 'longTerm' || elsewhere.length === 0 ? undefined : chance.pick(elsewhere);
  const from = addDays(asOf, -chance.between(10, 300));
  return [{ kind, treatmentRegion, from, to: kind === 'longTerm' ? undefined : addYears(from, 2) }];
}

/** Suzhou keeps one account, which runs on from year to year. */
const ONE_ACCOUNT_REGION = '320509';

function accountsOf(
  chance: Chance,
  person: Pick<Person, 'homeRegion' | 'scheme' | 'status'>,
  age: number,
): InsuredPerson['accounts'] {
  if (person.scheme === 'resident') return { current: 0, carried: 0 };
  const carried = chance.hits(250) ? 0 : chance.between(0, 1_200_000);
  if (person.homeRegion === ONE_ACCOUNT_REGION) return { current: 0, carried };
  if (person.status === 'retired') return { current: age < 75 ? 168_000 : 189_000, carried };
  return { current: chance.between(20_000, 360_000), carried };
}

function ageOn(birthDate: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** The person's id: region, scheme and a number of six digits. */
function personIdAt(region: string, index: number): string {
  return `${region}${SCHEME_CODES[schemeAt(index)]}${String(index + 1).padStart(6, '0')}`;
}

function makePerson(order: PopulationOrder, region: string, index: number): InsuredPerson {
  const { seed, asOf, regions, perRegion } = order;
  const chance = createChance(seedOf(seed, region, index));
  const scheme = schemeAt(index);
  const birthDate = birthDateOf(chance, scheme, asOf);
  const age = ageOn(birthDate, asOf);
  const { name, sex } = makeName(chance, Number(birthDate.slice(0, 4)));
  const retiredOn = scheme === 'employee' ? retirementOf(chance, birthDate, sex, asOf) : undefined;
  const status = retiredOn === undefined ? 'active' : 'retired';
  const isAided = scheme === 'resident' && chance.hits(45);
  const mayShare = scheme === 'employee' && chance.hits(150);
  const relative = chance.below(perRegion);
  return {
    person: {
      id: personIdAt(region, index),
      name,
      homeRegion: region,
      scheme,
      birthDate,
      status,
      retiredOn,
      severeDisability: chance.hits(15),
      student: scheme === 'resident' && age >= 6 && age <= 22 && (age < 18 || chance.hits(600)),
      familyDoctor: chance.hits(age >= 60 ? 620 : 280),
      civilServant: scheme === 'employee' && chance.hits(60),
      medicalAid: isAided ? chance.pick(['specialHardship', 'lowIncome', 'lowIncome', 'otherAid'] as const) : 'none',
      coverage: coverageOf(chance, birthDate, asOf),
      registrations: registrationsOf(chance, age, asOf),
      filings: filingsOf(chance, region, regions, asOf),
      sharesAccountWith: mayShare && relative !== index ? [personIdAt(region, relative)] : [],
    },
    accounts: accountsOf(chance, { homeRegion: region, scheme, status }, age),
    accumulators: {},
  };
}

/** The insured persons of the counties, county by county. */
export function makePopulation(order: PopulationOrder): InsuredPerson[] {
  return order.regions.flatMap((region) =>
    Array.from({ length: order.perRegion }, (_, index) => makePerson(order, region, index)),
  );
}
