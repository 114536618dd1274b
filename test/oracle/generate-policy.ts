import { NO_LIMIT, type Condition, type Parameter } from '../../src/core/policy/parameter.ts';
import type {
  Accumulator,
  Bands,
  Benefit,
  Cap,
  Deductible,
  Layer,
  Measure,
  OutOfArea,
  Policy,
  SpecialDisease,
  Stage,
} from '../../src/core/policy/policy.ts';
import type { BenefitKind, PersonPart, Scheme } from '../../src/core/policy/terms.ts';
import type { Choices } from './choices.ts';
import { plusDays } from './days.ts';
import { ANYWHERE, DISEASES, KINDS, PERIODS, generateCondition } from './generate-conditions.ts';
import { Draft, policy, when, type DraftRow } from './policy-builder.ts';

/** The size of a generated world's amounts, so that bills, edges and caps meet each other. */
export interface Scale {
  /** A typical amount, fen. */
  readonly unit: number;
  /** All amounts are multiples of this many fen. */
  readonly grain: number;
  /** Ratios are multiples of this, in 1e-8. */
  readonly ratioGrain: number;
  /** Nothing is kept from happening: accumulators fed by others, edges that no law would draw. */
  readonly wild: boolean;
}

/** Codes that catalogues hold and diseases list. */
export const CODES = ['A1', 'A2', 'B1', 'B2', 'B3', 'C1', 'C2', 'D1', 'D2', 'E1'] as const;

const RATIO_ONE = 100_000_000;
const LAYER_PARTS: readonly PersonPart[] = [
  'coinsurance',
  'deductible',
  'overCap',
  'firstSelfPay',
  'outOfArea',
  'overLimit',
  'compliantSelfPay',
  'fullSelfPay',
];

class PolicyGenerator {
  readonly c: Choices;
  readonly scale: Scale;
  readonly draft = new Draft();
  readonly from: string;
  private readonly pool: { name: string; measure: Measure; of: string[]; per: 'year' | 'period' }[] = [];

  constructor(c: Choices, scale: Scale, from: string) {
    this.c = c;
    this.scale = scale;
    this.from = from;
  }

  /** An amount up to so many tenths of the unit. */
  amount = (tenths: number): number => {
    const { unit, grain } = this.scale;
    return this.c.int(0, Math.floor((unit * tenths) / 10 / grain)) * grain;
  };

  ratio = (): number => {
    const steps = RATIO_ONE / this.scale.ratioGrain;
    const percent = this.c.chance(8) ? this.c.pick([0, 1]) : 0.4 + this.c.int(0, 6) / 10;
    const fine = this.c.int(0, steps / 10) * this.scale.ratioGrain;
    return Math.min(
      RATIO_ONE,
      Math.max(0, Math.round(percent * steps) * this.scale.ratioGrain - (percent > 0.3 ? fine : 0)),
    );
  };

  /** A parameter of one to three rows, sometimes with a change of law in between. */
  param<T>(id: string, value: () => T, fixed: readonly DraftRow<T>[] = []): Parameter<T> {
    const { c } = this;
    const rows = () => {
      const conditional = c.chance(35) ? c.repeat(1, 2, () => ({ when: generateCondition(c), value: value() })) : [];
      return [...conditional, ...fixed, { value: value() }];
    };
    if (!c.chance(20)) return this.draft.dated(id, [{ from: this.from, to: undefined, rows: rows() }]);
    const change = plusDays('2024-01-01', c.int(0, 400));
    return this.draft.dated(id, [
      { from: this.from, to: plusDays(change, -1), rows: rows() },
      { from: change, to: undefined, rows: rows() },
    ]);
  }

  /** An accumulator of a measure that a stage feeds: a new one, or one that other stages feed already. */
  accumulator(measure: Measure, stage: string): string {
    const { c } = this;
    const sharing = this.pool.filter((each) => each.measure === measure);
    let found = sharing.length > 0 && c.chance(45) ? c.pick(sharing) : undefined;
    if (found === undefined) {
      found = { name: `${measure}${sharing.length + 1}`, measure, of: [], per: c.chance(15) ? 'period' : 'year' };
      this.pool.push(found);
    }
    const unfed = this.scale.wild && measure !== 'standard' && c.chance(10);
    if (!unfed && !found.of.includes(stage)) found.of.push(stage);
    return found.name;
  }

  waived(): Condition[] {
    return this.c.chance(12) ? [generateCondition(this.c)] : [];
  }

  yearly(stage: string, id: string, expenseShare: number, tenths: number): Deductible {
    const { c } = this;
    const once = c.chance(35) ? 'firstCome' : 'topUp';
    return {
      form: 'yearly',
      amount: this.param(`${id}.amount`, () => this.amount(tenths), [
        { when: generateCondition(c, ['level']), value: this.amount(tenths) },
      ]),
      accumulator: this.accumulator(c.chance(expenseShare) ? 'expense' : 'deducted', stage),
      once,
      standardAccumulator: once === 'firstCome' ? this.accumulator('standard', stage) : undefined,
      waived: this.waived(),
    };
  }

  private byAdmission(value: () => number): DraftRow<number>[] {
    const at = (nth: number) => when(`admission: ${nth}`, ['admission'], ({ admission }) => admission === nth);
    const first = { when: at(1), value: this.c.chance(80) ? RATIO_ONE : value() };
    return this.c.chance(50) ? [first, { when: at(2), value: value() }] : [first];
  }

  perAdmission(stage: string, id: string): Deductible {
    const { c } = this;
    const later = when('admission: {from: 3}', ['admission'], ({ admission }) => admission >= 3);
    const flat = () => (c.chance(70) ? NO_LIMIT : this.amount(3));
    return {
      form: 'perAdmission',
      amount: this.param(`${id}.amount`, () => this.amount(12)),
      factor: c.chance(75) ? this.param(`${id}.factor`, this.ratio, this.byAdmission(this.ratio)) : undefined,
      chained: c.chance(45),
      flat: c.chance(35) ? this.param(`${id}.flat`, flat, [{ when: later, value: this.amount(3) }]) : undefined,
      floor: c.chance(60) ? this.param(`${id}.floor`, () => this.amount(8)) : undefined,
      admissions: c.chance(80) ? this.accumulator('admissions', stage) : undefined,
      yearlyCeiling: c.chance(40)
        ? {
            amount: this.param(`${id}.ceiling`, () => this.amount(25)),
            accumulator: this.accumulator('deducted', stage),
          }
        : undefined,
      waived: this.waived(),
    };
  }

  bands(stage: string, id: string, layer: boolean): Bands {
    const { c, scale } = this;
    const measure = c.chance(50) ? 'gross' : 'afterDeductible';
    const count = c.chance(65) ? c.int(1, 3) : 0;
    const edges = () => {
      const rising = [0];
      for (let band = 0; band < count; band += 1) rising.push((rising.at(-1) ?? 0) + scale.grain + this.amount(25));
      return rising as readonly number[];
    };
    const perBand = Array.from({ length: count }, (_, index) => ({
      when: when(`band: ${index + 1}`, ['band'], ({ band }) => band === index + 1),
      value: this.ratio(),
    }));
    const byClass = !layer && c.chance(25);
    const attributes = byClass ? (['itemClass', 'band'] as const) : [...ANYWHERE, 'band' as const];
    const further = byClass || c.chance(30) ? [{ when: generateCondition(c, attributes), value: this.ratio() }] : [];
    return {
      measure,
      accumulator: c.chance(60) ? this.accumulator(measure === 'gross' ? 'expense' : 'beyond', stage) : undefined,
      edges: this.param(`${id}.edges`, edges),
      ratio: this.param(`${id}.ratio`, this.ratio, [...further, ...perBand]),
    };
  }

  cap(stage: string, id: string): Cap {
    const { c } = this;
    const on = c.chance(50) ? 'expense' : 'payment';
    const includesDeductible = on === 'expense' && c.chance(40);
    const counts = on === 'payment' ? 'paid' : includesDeductible ? 'coveredAndDeducted' : 'covered';
    const accumulator = c.chance(70) ? this.accumulator(counts, stage) : undefined;
    const tenths = accumulator === undefined ? 15 : 60;
    return {
      id,
      on,
      amount: this.param(id, () => (c.chance(12) ? NO_LIMIT : this.amount(tenths))),
      accumulator,
      includesDeductible,
      overflow: c.chance(50) ? 'expense' : 'payment',
      when: c.chance(25) ? generateCondition(c) : undefined,
    };
  }

  private stage(id: string, path: string, deductible: Deductible | undefined, layer: boolean): Stage {
    const caps = this.c.chance(60) ? this.c.repeat(1, 3, (index) => this.cap(id, `${path}.caps.${index}`)) : [];
    return { id, deductible, bands: this.bands(id, `${path}.bands`, layer), caps };
  }

  benefit(kind: BenefitKind): Benefit {
    const { c } = this;
    const id = `benefits.${kind}`;
    const perAdmission = kind === 'inpatient' ? c.chance(70) : c.chance(8);
    const make = () => (perAdmission ? this.perAdmission(kind, id) : this.yearly(kind, id, 15, 15));
    const longStay = kind === 'inpatient' && c.chance(50);
    return {
      ...this.stage(kind, id, c.chance(80) ? make() : undefined, false),
      kind,
      longStayDays: longStay ? this.param(`${id}.longStayDays`, () => c.pick([90, 10, 30, 180])) : undefined,
    };
  }

  layer(index: number, base: readonly PersonPart[]): Layer {
    const { c } = this;
    const id = `layer${index + 1}`;
    const benefits = c.some(KINDS, 80);
    const deductible = c.chance(60) ? this.yearly(id, `layers.${id}`, 50, 25) : undefined;
    return {
      ...this.stage(id, `layers.${id}`, deductible, true),
      fund: c.pick(['seriousIllness', 'largeCost', 'civilServant', 'medicalAid']),
      benefits: benefits.length > 0 ? benefits : KINDS,
      when: c.chance(25) ? generateCondition(c) : undefined,
      base,
      lumpSum: c.chance(30)
        ? {
            at: this.param(`layers.${id}.lumpSum.at`, () => this.scale.grain + this.amount(30)),
            pays: this.param(`layers.${id}.lumpSum.pays`, () => this.amount(8)),
            accumulator: this.accumulator('expense', id),
          }
        : undefined,
    };
  }

  /** Layers one after the other, or side by side on bases that share nothing. */
  layers(): Layer[] {
    const { c } = this;
    const count = c.chance(75) ? c.int(1, 4) : 0;
    const order = c.shuffled(LAYER_PARTS);
    const sideBySide = c.chance(30);
    return Array.from({ length: count }, (_, index) => {
      const own = sideBySide ? order.filter((_part, at) => at % count === index) : c.some(order, 50);
      return this.layer(index, own.length > 0 ? own : ['coinsurance']);
    });
  }

  disease(code: string): SpecialDisease {
    const { c } = this;
    const count = c.chance(55) ? c.int(1, 3) : 0;
    const open = c.chance(75);
    const periods = PERIODS.slice(0, count).map((id, index) => ({
      id,
      months:
        open && index === count - 1
          ? undefined
          : this.draft.constant(`diseases.${code}.${id}.months`, c.int(1, this.scale.wild ? 14 : 9)),
    }));
    return {
      code,
      name: code,
      scope: c.chance(35) ? 'any' : 'listed',
      items: [...c.some(CODES, 40), ...(c.chance(40) ? [`${c.pick(['A', 'B', 'D'])}*`] : [])],
      certifiedItems: c.chance(45),
      periods,
      row: this.draft.rule(`diseases.${code}`),
    };
  }

  outOfArea(): OutOfArea {
    const { c } = this;
    const form = <T>(id: string, value: () => T) =>
      c.chance(45)
        ? this.param(`outOfArea.${id}`, value, [{ when: generateCondition(c, ['filing']), value: value() }])
        : undefined;
    const grain = this.scale.wild ? this.scale.ratioGrain : 10_000_000;
    const upTo = (percent: number) => c.int(0, Math.floor((percent * 1_000_000) / grain)) * grain;
    return {
      extraFirstSelfPay: form('extraFirstSelfPay', () => upTo(30)),
      ratioMinus: form('ratioMinus', () => upTo(60)),
      benefitTimes: form('benefitTimes', () => RATIO_ONE - upTo(30)),
      deductibleTimes: form('deductibleTimes', () => RATIO_ONE + upTo(100)),
      level: form('level', () => c.pick([0, 3, 2])),
    };
  }

  accumulators(): Accumulator[] {
    const stages = [...KINDS, 'layer1', 'layer2'];
    const watching: Measure[] = ['expense', 'beyond', 'paid', 'admissions'];
    const watchers = this.c.repeat(0, 2, (index) => ({
      name: `watch${index}`,
      measure: this.c.pick(watching),
      of: this.c.some(stages, 50),
      when: undefined,
      per: this.c.chance(25) ? ('period' as const) : ('year' as const),
    }));
    return [...this.pool, ...watchers].map((accumulator) => ({
      ...accumulator,
      when: this.c.chance(20) ? generateCondition(this.c) : undefined,
    }));
  }
}

/** A compiled policy with every construct of law that the language knows, each with its own chance. */
export function generatePolicy(
  c: Choices,
  scale: Scale,
  about: { region: string; scheme: Scheme; hash: string; from: string; to: string | undefined },
): Policy {
  const generator = new PolicyGenerator(c, scale, about.from);
  const kinds = KINDS.filter((kind) => !c.chance(kind === 'pharmacy' ? 20 : 5));
  const benefits = Object.fromEntries(kinds.map((kind) => [kind, generator.benefit(kind)]));
  const layers = generator.layers();
  const purses = c.shuffled(['current', 'carried', 'family'] as const).filter(() => c.chance(60));
  return policy(generator.draft, {
    ...about,
    id: about.hash,
    year: {
      startsOn: c.pick(['01-01', '07-01', '04-01']),
      placedBy: c.pick(['settlement', 'discharge', 'admission']),
      row: generator.draft.rule('year'),
    },
    benefits,
    layers,
    diseases: DISEASES.slice(0, c.chance(75) ? 2 : 1).map((code) => generator.disease(code)),
    outOfArea: c.chance(75) ? generator.outOfArea() : undefined,
    accounts: purses.map((source) => ({
      source,
      benefits: c.some(KINDS, 75),
      first: c.some(KINDS, 30),
      pays: c.some<PersonPart>(c.shuffled(LAYER_PARTS), 60),
      row: generator.draft.rule(`accounts.${source}`),
    })),
    accumulators: generator.accumulators(),
  });
}
