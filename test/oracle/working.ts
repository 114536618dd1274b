import type { Accumulators } from '../../src/core/adjudicate/facts.ts';
import type { Attributes } from '../../src/core/policy/parameter.ts';
import type { Measure, OutOfArea, Stage } from '../../src/core/policy/policy.ts';
import {
  FUNDS,
  PERSON_PARTS,
  type AccountSource,
  type BenefitKind,
  type Fund,
  type PersonPart,
} from '../../src/core/policy/terms.ts';
import { daysFrom, yearAround } from './days.ts';
import { ONE, ratio, whole, type Exact } from './exact.ts';
import { rowOf, type Ground } from './gate.ts';
import { splitLines, type LineAmounts } from './lines.ts';
import { yearlyStandard, type StageAmounts, type StageInput } from './stage.ts';

function copyOf(accumulators: Accumulators): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(accumulators).map(([bucket, names]) => [bucket, { ...names }]));
}

/** How the law stands at home. */
export const KEPT: Adjustment = {
  extra: whole(0),
  ratioMinus: whole(0),
  benefitTimes: ONE,
  deductibleTimes: ONE,
  level: 0,
};

/** What the law changes away from home. */
export interface Adjustment {
  readonly extra: Exact;
  readonly ratioMinus: Exact;
  readonly benefitTimes: Exact;
  readonly deductibleTimes: Exact;
  readonly level: number;
}

/** One part of a bill, under one benefit. */
export interface Part {
  readonly benefit: BenefitKind;
  readonly lines: readonly LineAmounts[];
  readonly attributes: Attributes;
}

/** A bill on its way: what it was found to be, and the running state that its stages read and change. */
export class Working {
  readonly ground: Ground;
  readonly lines: LineAmounts[];
  readonly parts: Part[];
  readonly adjustment: Adjustment;
  readonly yearStart: string;
  readonly stages: StageAmounts[] = [];
  /** What the person bears, apart for each part of the bill. */
  readonly persons: Partial<Record<BenefitKind, Record<PersonPart, bigint>>> = {};
  readonly funds = Object.fromEntries(FUNDS.map((fund) => [fund, 0n])) as Record<Fund, bigint>;
  readonly balances: Record<AccountSource, bigint>;
  readonly drawn: Record<AccountSource, bigint> = { current: 0n, carried: 0n, family: 0n };
  readonly state: Record<string, Record<string, number>>;
  readonly mechanisms = new Set<string>();

  constructor(ground: Ground) {
    const { facts, policy, day } = ground;
    this.ground = ground;
    this.lines = splitLines(ground);
    this.yearStart = yearAround(day, policy.year.startsOn);
    this.state = copyOf(facts.accumulators);
    const { current, carried, family } = facts.accounts;
    this.balances = { current: BigInt(current), carried: BigInt(carried), family: BigInt(family) };
    const parts = this.cut();
    this.adjustment = this.adjust(parts[0]);
    const level = this.adjustment.level === 0 ? ground.attributes.level : this.adjustment.level;
    this.parts = parts.map((part) => ({ ...part, attributes: { ...part.attributes, level } }));
  }

  /** What a stage needs of its surroundings. */
  senses(attributes: Attributes): Pick<StageInput, 'read' | 'note'> {
    return { read: (name) => this.read(name, attributes), note: this.note };
  }

  /** What the person bears of one part of the bill; changed as stages go. */
  person(benefit: BenefitKind): Record<PersonPart, bigint> {
    const nothing = () => Object.fromEntries(PERSON_PARTS.map((part) => [part, 0n])) as Record<PersonPart, bigint>;
    return (this.persons[benefit] ??= nothing());
  }

  note = (mechanism: string): void => void this.mechanisms.add(mechanism);

  /** Where an accumulator is kept for what has these attributes; nowhere when it runs by period and there is none. */
  bucket(name: string | undefined, attributes: Attributes): string | undefined {
    const accumulator = this.ground.policy.accumulators.find((each) => each.name === name);
    if (accumulator?.per !== 'period') return accumulator && this.yearStart;
    const { disease, period } = this.ground;
    return attributes.period && disease && period ? `${disease.code}/${period.from}` : undefined;
  }

  read(name: string | undefined, attributes: Attributes): bigint {
    const bucket = this.bucket(name, attributes);
    return BigInt((bucket && this.state[bucket]?.[name ?? '']) ?? 0);
  }

  write(name: string, attributes: Attributes, value: bigint): void {
    const bucket = this.bucket(name, attributes);
    if (bucket === undefined) return;
    if (bucket !== this.yearStart && value > 0n) this.note('accumulator by period');
    (this.state[bucket] ??= {})[name] = Number(value);
  }

  /** How many stays this one is: 0 when it is none, 1 mostly, more for a long one. */
  stays(part: Part): number {
    const { bill } = this.ground.facts;
    const longStay = this.ground.policy.benefits[part.benefit]?.longStayDays;
    if (part.benefit !== 'inpatient') return 0;
    if (longStay === undefined || bill.admissionDate === undefined) return 1;
    const most = rowOf(longStay, this.ground.day, part.attributes).value;
    return Math.max(1, Math.ceil(daysFrom(bill.admissionDate, bill.visitDate) / most));
  }

  private admission(): number {
    const { policy, facts } = this.ground;
    if (facts.bill.kind !== 'inpatient') return 0;
    const deductible = policy.benefits.inpatient?.deductible;
    const named = deductible?.form === 'perAdmission' ? deductible.admissions : undefined;
    const any = policy.accumulators.find(({ measure, of }) => measure === 'admissions' && of.includes('inpatient'));
    return 1 + Number(this.read(named ?? any?.name, this.ground.attributes));
  }

  private cut(): Part[] {
    const { attributes, period, facts } = this.ground;
    const own = { ...attributes, period: period?.id, admission: this.admission() };
    const fallback = { ...attributes, benefit: 'outpatient' as const, disease: undefined };
    const under = (benefit: BenefitKind) => this.lines.filter((line) => line.benefit === benefit);
    const parts: Part[] = [{ benefit: facts.bill.kind, lines: under(facts.bill.kind), attributes: own }];
    if (facts.bill.kind === 'specialDisease') {
      parts.push({ benefit: 'outpatient', lines: under('outpatient'), attributes: fallback });
    }
    return parts.filter(({ lines }) => lines.length > 0);
  }

  /** What the law changes for care away from home; looked up once, with the institution's own level. */
  private adjust(main: Part | undefined): Adjustment {
    const { policy, pair, facts, day } = this.ground;
    const away = facts.institution.region !== facts.person.homeRegion;
    if (away && pair.zone && policy.outOfArea !== undefined) this.note('out of area, off in the zone');
    const law = away && !pair.zone ? policy.outOfArea : undefined;
    if (law === undefined || main === undefined) return KEPT;
    const value = (form: keyof OutOfArea) => {
      const parameter = law[form];
      return parameter && rowOf(parameter, day, main.attributes).value;
    };
    const [extra, less, factor] = [value('extraFirstSelfPay'), value('ratioMinus'), value('benefitTimes')];
    const raised = value('deductibleTimes');
    if (less) this.note('out of area, ratioMinus');
    if (factor !== undefined && ratio(factor).top !== ratio(factor).per) this.note('out of area, benefitTimes');
    if (raised !== undefined && ratio(raised).top !== ratio(raised).per) this.note('out of area, deductibleTimes');
    const level = value('level') ?? 0;
    if (level !== 0 && level !== facts.institution.level) this.note('out of area, level');
    return {
      extra: ratio(extra ?? 0),
      ratioMinus: ratio(less ?? 0),
      benefitTimes: factor === undefined ? ONE : ratio(factor),
      deductibleTimes: raised === undefined ? ONE : ratio(raised),
      level,
    };
  }

  /** Lets every accumulator that a stage feeds rise by what the stage did. */
  feed(stage: Stage, done: StageAmounts, input: StageInput, stays: number): void {
    const rises: Record<Exclude<Measure, 'standard'>, bigint> = {
      expense: done.expense,
      deducted: done.deducted,
      beyond: done.beyond,
      covered: done.covered,
      coveredAndDeducted: done.covered + done.deducted,
      paid: done.paid,
      admissions: BigInt(stays),
    };
    const { deductible } = stage;
    const { attributes } = input;
    let fixed: { name: string; standard: bigint } | undefined;
    if (deductible?.form === 'yearly' && deductible.standardAccumulator !== undefined) {
      const waived = deductible.waived.some((condition) => condition.holds(attributes));
      const standing = this.read(deductible.standardAccumulator, attributes);
      const own = this.ground.policy.accumulators.find(({ name }) => name === deductible.standardAccumulator);
      if (!waived && standing === 0n && (own?.when?.holds(attributes) ?? true)) {
        fixed = { name: deductible.standardAccumulator, standard: yearlyStandard(deductible, input) };
      }
    }
    for (const { name, measure, of, when } of this.ground.policy.accumulators) {
      if (measure === 'standard' || !of.includes(stage.id)) continue;
      if (when !== undefined && !when.holds(attributes)) {
        this.note('accumulator with a condition, not fed');
        continue;
      }
      this.write(name, attributes, this.read(name, attributes) + rises[measure]);
    }
    if (fixed !== undefined && fixed.standard > 0n) this.write(fixed.name, attributes, fixed.standard);
  }
}
