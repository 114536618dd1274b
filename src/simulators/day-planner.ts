import type { BillMaker, Occasion } from './bill-maker.ts';
import { createChance, seedOf, type Chance } from './chance.ts';
import { addYears } from './days.ts';
import type { InsuredPerson } from './population.ts';
import { isInsured, Roster } from './roster.ts';
import type { Step, Story, Visit } from './visits.ts';

/** As much of an institution as a day needs. */
export interface SampleInstitution {
  readonly id: string;
  readonly region: string;
  readonly level: number;
  readonly kind: 'hospital' | 'clinic' | 'pharmacy';
}

/** What a day is made from. The same order makes the same day, byte for byte. */
export interface DayOrder {
  readonly day: string;
  readonly institutions: readonly SampleInstitution[];
  readonly population: readonly InsuredPerson[];
  /** Ids of the personas that are insured here too. */
  readonly personas: readonly string[];
  readonly maker: BillMaker;
}

const PREFIXES = { outpatient: 'MZ', pharmacy: 'YD', specialDisease: 'MT', inpatient: 'ZY' } as const;
const LAST_NUMBER = 999_999;

function billNumberOf(kind: keyof typeof PREFIXES, day: string, number: number): string {
  return `${PREFIXES[kind]}${day.replaceAll('-', '')}-${String(number).padStart(6, '0')}`;
}

/** The bill that is posted last: once it is there, the whole day is. */
export function closingBillOf(
  day: string,
  institutions: readonly SampleInstitution[],
): { readonly institutionId: string; readonly billNumber: string } {
  return { institutionId: institutions[0]?.id ?? '', billNumber: billNumberOf('outpatient', day, LAST_NUMBER) };
}

/** Whether somebody is 18 or older. */
export function isAdult(day: string): (person: InsuredPerson['person']) => boolean {
  const bornBy = addYears(day, -18);
  return ({ birthDate }) => birthDate <= bornBy;
}

/** Makes visits: hands out patients and bill numbers. */
export class Planner {
  readonly maker: BillMaker;
  readonly chance: Chance;
  readonly visits: Visit[] = [];
  readonly #order: DayOrder;
  readonly #roster: Roster;
  #number = 0;

  constructor(order: DayOrder) {
    this.#order = order;
    this.maker = order.maker;
    this.chance = createChance(seedOf('sample day', order.day));
    this.#roster = new Roster(order.population, this.chance);
  }

  add(story: Story, { institutionId }: Pick<Occasion, 'institutionId'>, ...steps: readonly Step[]): void {
    this.visits.push({ story, institutionId, steps });
  }

  /** A visit that a given person makes. */
  occasion(kind: keyof typeof PREFIXES, institutionId: string, personId: string): Occasion {
    const { day } = this.#order;
    return { institutionId, personId, billNumber: billNumberOf(kind, day, ++this.#number), visitDate: day };
  }

  /** Somebody insured in one county. */
  patient(homeRegion: string, fits: (person: InsuredPerson['person']) => boolean = isAdult(this.#order.day)): string {
    return this.#roster.next(homeRegion, (person) => isInsured(person) && fits(person)).id;
  }

  /** Somebody at whom a counter must say no. */
  uninsured(homeRegion: string, fits: (person: InsuredPerson['person']) => boolean): string {
    return this.#roster.next(homeRegion, fits).id;
  }

  /** Six of seven patients come over the county line. */
  homeFor({ region }: SampleInstitution): string {
    if (this.chance.hits(140)) return region;
    return this.chance.pick(this.regions.filter((home) => home !== region));
  }

  get regions(): readonly string[] {
    return [...new Set(this.#order.institutions.map(({ region }) => region))];
  }

  /** Somewhere a county's people go: a hospital of another county, of at least this level. */
  abroad(homeRegion: string, level: number): SampleInstitution {
    const fits = (one: SampleInstitution): boolean =>
      one.region !== homeRegion && one.kind === 'hospital' && one.level >= level;
    return this.chance.pick(this.#order.institutions.filter(fits));
  }
}
