import type { Bill, BillLine, Facts, Filing, InstitutionFacts, PersonFacts } from '../../src/core/adjudicate/facts.ts';
import type { Accumulators, AccountBalances } from '../../src/core/adjudicate/facts.ts';
import type { Catalogue, CatalogueItem } from '../../src/core/policy/catalogue.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { PairRules, Rulebook } from '../../src/core/policy/rulebook.ts';
import type { ItemClass } from '../../src/core/policy/terms.ts';
import type { Choices } from './choices.ts';
import { daysFrom, plusDays, yearAround } from './days.ts';
import { DISEASES, FILINGS, GROUPS, KINDS, MEDICAL_AID } from './generate-conditions.ts';
import { CODES, generatePolicy, type Scale } from './generate-policy.ts';

/** A visit to an institution, apart from what the person brings along. */
export type Visit = Pick<Facts, 'bill' | 'institution' | 'settledOn'>;

/** A person, the rules of their world, and the bills of some months, in the order in which they are settled. */
export interface History {
  readonly rulebook: Rulebook;
  /** The same rules as data, for printing. */
  readonly rules: { policies: readonly Policy[]; catalogues: readonly Catalogue[]; pairs: Record<string, PairRules> };
  readonly person: PersonFacts;
  readonly accumulators: Accumulators;
  readonly accounts: AccountBalances;
  readonly visits: readonly Visit[];
}

const REGIONS = ['home', 'zone', 'away'] as const;
const RATIO_ONE = 100_000_000;

function inForce<T extends { from: string; to: string | undefined }>(
  versions: readonly T[],
  on: string,
): T | undefined {
  return versions.find(({ from, to }) => from <= on && on <= (to ?? '9999-12-31'));
}

function generateItem(c: Choices, scale: Scale, code: string): CatalogueItem {
  const itemClass = c.pick<ItemClass>(
    code.startsWith('A') ? ['A', 'A', 'B'] : code.startsWith('C') ? ['C'] : ['B', 'A', 'C'],
  );
  const steps = RATIO_ONE / scale.ratioGrain;
  const selfPay = () => {
    if (c.chance(5)) return RATIO_ONE;
    if (itemClass === 'A') return 0;
    return c.int(0, Math.floor(steps / 2)) * scale.ratioGrain;
  };
  // A fen is 10,000 of a price's units.
  const priceLimit = c.chance(30)
    ? c.int(1, Math.floor((scale.unit * 1.2) / scale.grain)) * scale.grain * 10_000
    : undefined;
  return {
    code,
    name: code,
    kind: 'drug',
    itemClass,
    firstSelfPay: { employee: selfPay(), resident: selfPay() },
    priceLimit: priceLimit !== undefined && scale.wild ? priceLimit + c.int(0, 9_999) : priceLimit,
    restriction: c.chance(15) ? 'second line' : undefined,
    compliant: itemClass === 'C' && c.chance(50),
    provenance: 'illustrative',
    source: 'generated',
  };
}

function generateCatalogues(c: Choices, scale: Scale, region: string): Catalogue[] {
  const change = c.chance(50) ? plusDays('2024-01-15', c.int(0, 300)) : undefined;
  const firstDay = c.chance(4) ? '2024-03-01' : '2000-01-01';
  const version = (from: string, to: string | undefined): Catalogue => ({
    hash: `${region} ${from}`,
    region,
    from,
    to,
    items: new Map(CODES.filter(() => !c.chance(10)).map((code) => [code, generateItem(c, scale, code)])),
  });
  if (change === undefined || change <= firstDay) return [version(firstDay, undefined)];
  return [version(firstDay, plusDays(change, -1)), version(change, undefined)];
}

function generateRules(c: Choices, scale: Scale, scheme: PersonFacts['scheme']): History['rules'] {
  const change = c.chance(25) ? plusDays('2024-02-01', c.int(0, 300)) : undefined;
  const from = c.chance(6) ? '2024-02-01' : '2000-01-01';
  const about = { region: 'home', scheme };
  const policies =
    change === undefined || change <= from
      ? [generatePolicy(c, scale, { ...about, hash: 'only', from, to: undefined })]
      : [
          generatePolicy(c, scale, { ...about, hash: 'first', from, to: plusDays(change, -1) }),
          generatePolicy(c, scale, { ...about, hash: 'second', from: change, to: undefined }),
        ];
  const pairs: Record<string, PairRules> = {};
  for (const region of REGIONS) {
    const catalogueOf = c.chance(40) ? 'treatment' : 'home';
    for (const kind of KINDS) {
      const zone = region === 'zone' && !c.chance(15);
      pairs[`${region} ${kind}`] = {
        catalogueOf,
        zone,
        openDiseases: DISEASES.filter(() => !c.chance(12)),
        provenance: 'sourced',
      };
    }
  }
  return { policies, catalogues: REGIONS.flatMap((region) => generateCatalogues(c, scale, region)), pairs };
}

/** A rulebook that looks everything up the plain way. */
export function rulebookOf({ policies, catalogues, pairs }: History['rules']): Rulebook {
  const closed: PairRules = { catalogueOf: 'home', zone: false, openDiseases: [], provenance: 'sourced' };
  return {
    policyOn: (region, scheme, on) =>
      inForce(
        policies.filter((each) => each.region === region && each.scheme === scheme),
        on,
      ),
    policyByHash: (hash) => policies.find((each) => each.hash === hash),
    catalogueOn: (region, on) =>
      inForce(
        catalogues.filter((each) => each.region === region),
        on,
      ),
    catalogueByHash: (hash) => catalogues.find((each) => each.hash === hash),
    pairOn: (_home, treatment, benefit) => pairs[`${treatment} ${benefit}`] ?? closed,
  };
}

function generatePerson(c: Choices, start: string): PersonFacts {
  const retired = c.chance(40);
  const gap = plusDays(start, c.int(0, 200));
  const until = plusDays(gap, c.int(5, 60));
  const coverage = c.chance(10)
    ? [
        { from: '2010-01-01', to: plusDays(gap, -1), state: 'active' as const },
        ...(c.chance(60) ? [{ from: gap, to: until, state: 'suspended' as const }] : []),
        { from: plusDays(until, 1), to: undefined, state: 'active' as const },
      ]
    : [{ from: '2010-01-01', to: undefined, state: 'active' as const }];
  const registrations = DISEASES.slice(0, 2).flatMap((disease) =>
    c.repeat(c.chance(8) ? 0 : 1, 2, () => {
      const from = plusDays(start, c.int(-400, 60));
      const to = c.chance(20) ? plusDays(from, c.int(30, 500)) : undefined;
      return { disease, from, to, periodsFrom: plusDays(from, c.chance(10) ? c.int(-30, 30) : 0) };
    }),
  );
  const filings = c.repeat(0, 3, (): Filing => {
    const from = plusDays(start, c.int(-300, 100));
    return {
      kind: c.pick(FILINGS),
      treatmentRegion: c.pick([undefined, 'away', 'zone', 'home']),
      from,
      to: c.chance(50) ? plusDays(from, 180) : undefined,
    };
  });
  return {
    id: 'person',
    homeRegion: 'home',
    scheme: c.pick(['employee', 'resident']),
    birthDate: plusDays('1930-02-28', c.int(0, 33_000)),
    status: retired ? 'retired' : 'active',
    retiredOn: retired ? c.pick(['2010-06-01', '1999-12-31', '2001-01-01']) : undefined,
    severeDisability: c.chance(20),
    student: c.chance(20),
    familyDoctor: c.chance(30),
    civilServant: c.chance(30),
    medicalAid: c.pick(MEDICAL_AID),
    coverage,
    registrations,
    filings,
  };
}

class BillGenerator {
  readonly c: Choices;
  readonly scale: Scale;

  constructor(c: Choices, scale: Scale) {
    this.c = c;
    this.scale = scale;
  }

  private priced(): Pick<BillLine, 'quantity' | 'price' | 'amount'> {
    const { c, scale } = this;
    if (c.chance(4)) return { quantity: c.pick([10_000, 0]), price: 0, amount: 0 };
    const quantity = scale.wild && c.chance(60) ? c.int(1, 40_000) : c.int(1, 3) * 10_000;
    const price = (c.int(0, Math.floor((scale.unit * 1.5) / scale.grain)) * scale.grain || 1) * 10_000;
    const exact = (BigInt(quantity) * BigInt(price)) / 100_000_000n;
    // The hospital's own rounding may be a fen beside.
    const amount = Number(exact) + (scale.wild && c.chance(20) ? c.int(0, 1) : 0);
    return { quantity, price, amount };
  }

  private line(no: number, from: string, days: number): BillLine {
    const { c } = this;
    return {
      no,
      code: c.chance(8) ? c.pick([undefined, 'X9']) : c.pick(CODES),
      name: 'item',
      ...this.priced(),
      feeDate: plusDays(from, c.int(0, days)),
      certifiedFor: c.chance(25) ? c.pick(DISEASES) : undefined,
      restrictionMet: c.chance(50),
      refundOf: undefined,
    };
  }

  /** A refund of an earlier line that leaves no less than nothing of it. */
  private refund(no: number, lines: readonly BillLine[], lastDay: string): BillLine | undefined {
    const { c } = this;
    const charged = lines.filter(({ refundOf, amount }) => refundOf === undefined && amount > 0);
    if (charged.length === 0) return undefined;
    const line = c.pick(charged);
    const part = (of: 'quantity' | 'amount') =>
      lines.reduce((rest, each) => (each.refundOf === line.no ? rest + each[of] : rest), line[of]);
    const [quantity, amount] = [part('quantity'), part('amount')];
    if (!c.chance(60))
      return { ...line, no, quantity: 0 - quantity, amount: 0 - amount, feeDate: lastDay, refundOf: line.no };
    const taken = c.int(0, quantity);
    const proportional = Number((BigInt(amount) * BigInt(taken)) / BigInt(quantity || 1));
    const refunded = this.scale.wild && c.chance(30) ? c.int(0, amount) : proportional;
    return { ...line, no, quantity: 0 - taken, amount: 0 - refunded, feeDate: lastDay, refundOf: line.no };
  }

  private lines(from: string, visitDate: string): BillLine[] {
    const { c } = this;
    const days = daysFrom(from, visitDate) + (this.scale.wild && c.chance(10) ? 40 : 0);
    const lines: BillLine[] = c.repeat(1, 6, (index) => this.line(index + 1, from, days));
    const refunds = c.chance(25) ? c.int(1, 3) : 0;
    for (let index = 0; index < refunds; index += 1) {
      const refund = this.refund(lines.length + 1, lines, visitDate);
      if (refund !== undefined) lines.push(refund);
    }
    return lines;
  }

  institution(): InstitutionFacts {
    const { c } = this;
    return { id: 'hospital', region: c.pick(REGIONS), level: c.int(1, 3), groups: c.some(GROUPS, 30) };
  }

  visit(on: string): Visit {
    const { c } = this;
    const kind = c.pick([...KINDS, 'inpatient', 'specialDisease', 'inpatient', 'specialDisease'] as const);
    const stay = kind === 'inpatient' ? (c.chance(25) ? c.int(10, 400) : c.int(0, 20)) : 0;
    const from = plusDays(on, -stay);
    const admitted = kind === 'inpatient' && !c.chance(8);
    const lines = this.lines(c.chance(15) ? plusDays(from, -3) : from, on);
    const bill: Bill = {
      kind,
      visitDate: on,
      admissionDate: admitted ? from : undefined,
      emergency: c.chance(15),
      disease:
        kind === 'specialDisease'
          ? c.chance(3)
            ? undefined
            : c.pick(DISEASES.slice(0, c.chance(6) ? 3 : 2))
          : undefined,
      total: lines.reduce((total, { amount }) => total + amount, 0),
      lines,
    };
    return { bill, institution: this.institution(), settledOn: plusDays(on, c.chance(20) ? c.int(0, 40) : 0) };
  }
}

/** Where a person's accumulators stand who comes with part of a year behind them. */
function generateStanding(c: Choices, scale: Scale, { policies }: History['rules'], start: string): Accumulators {
  const standing: Record<string, Record<string, number>> = {};
  if (!c.chance(15)) return standing;
  for (const { year, accumulators } of policies) {
    const bucket = (standing[yearAround(start, year.startsOn)] ??= {});
    for (const { name, measure } of accumulators) {
      bucket[name] =
        measure === 'admissions' ? c.int(0, 4) : c.int(0, Math.floor((scale.unit * 4) / scale.grain)) * scale.grain;
    }
  }
  return standing;
}

/** Round amounts and halves: bills end on band edges and caps are met to the fen. */
const TIDY: Scale = { unit: 100_000, grain: 10_000, ratioGrain: 50_000_000, wild: false };

function generateScale(c: Choices): Scale {
  if (!c.chance(65)) return TIDY;
  const wild = c.chance(70);
  const unit = wild ? c.pick([100_000, 1_000, 1_000_000, 99, 60_000_000_000]) : 200_000;
  return { unit, grain: 1, ratioGrain: c.pick([10_000, 1_000_000]), wild };
}

/** A whole history out of a stream of choices: a third of them in round amounts, nearly half unrestricted. */
export function generateHistory(c: Choices): History {
  const scale = generateScale(c);
  const start = plusDays('2024-01-01', c.int(0, 250));
  const person = generatePerson(c, start);
  const rules = generateRules(c, scale, person.scheme);
  const bills = new BillGenerator(c, scale);
  const balance = () => (c.chance(70) ? c.int(0, Math.floor((scale.unit * 3) / scale.grain)) * scale.grain : 0);
  let on = start;
  const visits = c.repeat(1, 10, () => {
    on = plusDays(on, c.chance(8) ? -c.int(0, 40) : c.int(0, 35));
    return bills.visit(on);
  });
  return {
    rulebook: rulebookOf(rules),
    rules,
    person,
    accumulators: generateStanding(c, scale, rules, start),
    accounts: { current: balance(), carried: balance(), family: balance() },
    visits,
  };
}
