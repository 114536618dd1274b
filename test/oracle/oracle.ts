import type { Accumulators, Facts } from '../../src/core/adjudicate/facts.ts';
import type { RejectionCode } from '../../src/core/adjudicate/verdict.ts';
import type { Attributes } from '../../src/core/policy/parameter.ts';
import type { Layer, Measure, OutOfArea, Stage } from '../../src/core/policy/policy.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import {
  FUNDS,
  PERSON_PARTS,
  type AccountSource,
  type BenefitKind,
  type Fund,
  type PersonPart,
} from '../../src/core/policy/terms.ts';
import { daysFrom, yearAround } from './days.ts';
import { ONE, least, notNegative, ratio, rounded, sum, times, whole, type Exact } from './exact.ts';
import { gate, rowOf, type Ground } from './gate.ts';
import { splitLines, type LineAmounts } from './lines.ts';
import { workOut, yearlyStandard, type StageAmounts, type StageInput } from './stage.ts';

/** Everything in a verdict that is an amount, in BigInt fen, and which mechanisms had an effect. */
export interface Amounts {
  readonly rejection: undefined;
  readonly policyHash: string;
  readonly catalogueOf: 'home' | 'treatment';
  readonly catalogueHashes: readonly string[];
  readonly benefitDate: string;
  readonly yearStart: string;
  readonly total: bigint;
  readonly fullSelfPay: bigint;
  readonly overLimit: bigint;
  readonly firstSelfPay: bigint;
  readonly eligible: bigint;
  readonly lines: readonly LineAmounts[];
  readonly stages: readonly StageAmounts[];
  readonly funds: Readonly<Record<Fund, bigint>>;
  readonly fundTotal: bigint;
  readonly personTotal: bigint;
  readonly personParts: Readonly<Record<PersonPart, bigint>>;
  readonly accounts: Readonly<Record<AccountSource, bigint>>;
  readonly account: bigint;
  readonly cash: bigint;
  /** Where all accumulators stand after the bill. */
  readonly after: Accumulators;
  readonly mechanisms: ReadonlySet<string>;
}

export interface Refusal {
  readonly rejection: RejectionCode;
  readonly mechanisms: ReadonlySet<string>;
}

/** What becomes of lines that fall back to a benefit which the policy does not have. */
const UNPAID = { stage: 'none', deducted: 0n, covered: 0n, lumpSum: 0n, paid: 0n, overCap: 0n };

const KEPT: Adjustment = { extra: whole(0), ratioMinus: whole(0), benefitTimes: ONE, deductibleTimes: ONE, level: 0 };

interface Adjustment {
  readonly extra: Exact;
  readonly ratioMinus: Exact;
  readonly benefitTimes: Exact;
  readonly deductibleTimes: Exact;
  readonly level: number;
}

/** One part of a bill, under one benefit. */
interface Part {
  readonly benefit: BenefitKind;
  readonly lines: readonly LineAmounts[];
  readonly attributes: Attributes;
}

/** A bill on its way: what it was found to be, and the running state that its stages read and change. */
class Working {
  readonly ground: Ground;
  readonly lines: LineAmounts[];
  readonly parts: Part[];
  readonly adjustment: Adjustment;
  readonly yearStart: string;
  readonly stages: StageAmounts[] = [];
  readonly person = Object.fromEntries(PERSON_PARTS.map((part) => [part, 0n])) as Record<PersonPart, bigint>;
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
    this.state = structuredClone(facts.accumulators) as Record<string, Record<string, number>>;
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
      if (!waived && standing === 0n) {
        fixed = { name: deductible.standardAccumulator, standard: yearlyStandard(deductible, input) };
      }
    }
    for (const { name, measure, of } of this.ground.policy.accumulators) {
      if (measure === 'standard' || !of.includes(stage.id)) continue;
      this.write(name, attributes, this.read(name, attributes) + rises[measure]);
    }
    if (fixed !== undefined && fixed.standard > 0n) this.write(fixed.name, attributes, fixed.standard);
  }
}

/** Takes an amount out of several purses or parts, one after the other, and returns what was not found. */
function takeInOrder<K extends string>(from: Record<K, bigint>, order: readonly K[], amount: bigint): bigint {
  let wanted = amount;
  for (const key of order) {
    const taken = least(from[key], wanted);
    from[key] -= taken;
    wanted -= taken;
  }
  return wanted;
}

/** The eligible amount of each admission of a part, by fee date. */
function byAdmission(work: Working, part: Part, stays: number): bigint[] {
  const { facts, policy, day } = work.ground;
  const { admissionDate } = facts.bill;
  const longStay = policy.benefits[part.benefit]?.longStayDays;
  if (stays <= 1 || admissionDate === undefined || longStay === undefined) {
    return [sum(part.lines.map(({ eligible }) => eligible))];
  }
  work.note('long stay');
  const length = rowOf(longStay, day, part.attributes).value;
  const segments = Array.from({ length: stays }, () => 0n);
  for (const line of part.lines) {
    const index = Math.floor(daysFrom(admissionDate, line.feeDate) / length);
    const clamped = Math.min(Math.max(index, 0), stays - 1);
    segments[clamped] = (segments[clamped] ?? 0n) + line.eligible;
  }
  return segments;
}

/** What purses pay of a part before its deductible. */
function payFirst(work: Working, part: Part, expense: bigint): bigint {
  let left = expense;
  for (const { source, first } of work.ground.policy.accounts) {
    if (!first.includes(part.benefit)) continue;
    const pays = least(work.balances[source], left);
    if (pays > 0n) work.note('account first');
    work.balances[source] -= pays;
    work.drawn[source] += pays;
    left -= pays;
  }
  return expense - left;
}

function settlePart(work: Working, part: Part): void {
  const { policy, day } = work.ground;
  const eligible = sum(part.lines.map((line) => line.eligible));
  const benefit = policy.benefits[part.benefit];
  if (benefit === undefined) {
    if (eligible > 0n) work.note('fallback without a benefit');
    work.person.coinsurance += eligible;
    work.stages.push({ ...UNPAID, expense: eligible, beyond: eligible, coinsurance: eligible });
    return;
  }
  const { adjustment } = work;
  const outOfArea = rounded(times(whole(eligible), adjustment.extra));
  if (outOfArea > 0n) work.note('out of area, extraFirstSelfPay');
  const first = payFirst(work, part, eligible - outOfArea);
  work.person.outOfArea += outOfArea;
  work.person.accountFirst += first;

  const stays = work.stays(part);
  const admissions = byAdmission(work, part, stays);
  let ahead = outOfArea + first;
  const ofClass = (wanted: string) =>
    sum(part.lines.filter(({ itemClass }) => itemClass === wanted).map((line) => line.eligible));
  const classes: [bigint, bigint, bigint] = [ofClass('A'), ofClass('B'), ofClass('C')];
  for (const list of [admissions, classes]) {
    ahead = outOfArea + first;
    list.forEach((amount, index) => {
      const taken = least(amount, ahead);
      list[index] = amount - taken;
      ahead -= taken;
    });
  }

  const { attributes } = part;
  const input = { stage: benefit, day, attributes, admissions, classes, ...work.senses(attributes), ...adjustment };
  const done = workOut(input);
  work.stages.push(done);
  work.funds.pool += done.paid;
  work.person.deductible += done.deducted;
  work.person.coinsurance += done.coinsurance;
  work.person.overCap += done.overCap;
  work.feed(benefit, done, input, stays);
}

function settleLayer(work: Working, layer: Layer, attributes: Attributes): void {
  const { day } = work.ground;
  const base = sum(layer.base.map((part) => work.person[part]));
  if (base === 0n) return;
  const input: StageInput = {
    stage: layer,
    day,
    attributes,
    admissions: [base],
    classes: [base, 0n, 0n],
    ...KEPT,
    ...work.senses(attributes),
  };
  const bands = workOut(input);
  let lumpSum = 0n;
  if (layer.lumpSum !== undefined) {
    const { at, pays, accumulator } = layer.lumpSum;
    const trigger = BigInt(rowOf(at, day, attributes).value);
    const standing = work.read(accumulator, attributes);
    if (standing < trigger && trigger <= standing + base) {
      lumpSum = least(BigInt(rowOf(pays, day, attributes).value), notNegative(base - bands.paid));
      work.note('lump sum');
    }
  }
  const done = { ...bands, lumpSum, paid: bands.paid + lumpSum };
  if (done.paid > 0n) work.note(`layer ${layer.fund}`);
  work.stages.push(done);
  work.funds[layer.fund] += done.paid;
  takeInOrder(work.person, layer.base, done.paid);
  work.feed(layer, done, input, 0);
}

/** What purses pay of what is left to the person, each of its own parts, after the funds. */
function payFromPurses(work: Working): void {
  const unpaid = { ...work.person, accountFirst: 0n };
  const { policy, facts } = work.ground;
  for (const { source, benefits, pays } of policy.accounts) {
    if (!benefits.includes(facts.bill.kind)) continue;
    const order = PERSON_PARTS.filter((part) => pays.includes(part));
    const wanted = least(work.balances[source], sum(order.map((part) => unpaid[part])));
    if (wanted > 0n) work.note(`account ${source}`);
    takeInOrder(unpaid, order, wanted);
    work.balances[source] -= wanted;
    work.drawn[source] += wanted;
  }
}

function noteBill(work: Working): void {
  const { ground, lines, parts } = work;
  const { bill, person } = ground.facts;
  for (const { reason, overLimit } of lines) {
    work.note(`line ${reason}`);
    if (overLimit > 0n) work.note('line over limit');
  }
  if (bill.lines.some(({ refundOf }) => refundOf !== undefined)) work.note('line refund');
  if (bill.lines.some(({ amount }) => amount === 0)) work.note('line of nothing');
  if (bill.total === 0) work.note('bill of nothing');
  if (BigInt(bill.total) * 100_000_000n > BigInt(Number.MAX_SAFE_INTEGER)) work.note('products beyond safe integers');
  if (person.registrations.filter(({ disease }) => disease === ground.disease?.code).length > 1) work.note('relapse');
  if (parts.length > 1) work.note('fallback to outpatient');
  if (new Set(work.ground.catalogues.values()).size > 1) work.note('catalogue changes within the bill');
  if (ground.pair.catalogueOf === 'treatment') work.note('catalogue of the treatment region');
  if (ground.period) work.note(ground.period.id === ground.disease?.periods[0]?.id ? 'first period' : 'later period');
}

/** Judges a bill the slow way: no compiled rules, no fast arithmetic, no shared code with the engine. */
export function judge(facts: Facts, rulebook: Rulebook): Amounts | Refusal {
  const ground = gate(facts, rulebook);
  if (typeof ground === 'string') return { rejection: ground, mechanisms: new Set([`rejection ${ground}`]) };
  const work = new Working(ground);
  noteBill(work);
  const total = sum(facts.bill.lines.map(({ amount }) => BigInt(amount)));
  const of = (field: 'fullSelfPay' | 'overLimit' | 'firstSelfPay' | 'eligible') =>
    sum(work.lines.map((line) => line[field]));
  const compliant = sum(work.lines.filter((line) => line.compliant).map((line) => line.fullSelfPay));
  work.person.fullSelfPay = of('fullSelfPay') - compliant;
  work.person.compliantSelfPay = compliant;
  work.person.overLimit = of('overLimit');
  work.person.firstSelfPay = of('firstSelfPay');

  for (const part of work.parts) settlePart(work, part);
  const main = work.parts[0]?.attributes;
  for (const layer of ground.policy.layers) {
    if (main === undefined || !layer.benefits.includes(facts.bill.kind)) continue;
    if (layer.when?.holds(main) ?? true) settleLayer(work, layer, main);
  }
  payFromPurses(work);

  const fundTotal = sum(Object.values(work.funds));
  const account = sum(Object.values(work.drawn));
  return {
    rejection: undefined,
    policyHash: ground.policy.hash,
    catalogueOf: ground.pair.catalogueOf,
    catalogueHashes: [...new Set([...ground.catalogues.values()].map(({ hash }) => hash))],
    benefitDate: ground.day,
    yearStart: work.yearStart,
    total,
    fullSelfPay: of('fullSelfPay'),
    overLimit: of('overLimit'),
    firstSelfPay: of('firstSelfPay'),
    eligible: of('eligible'),
    lines: work.lines,
    stages: work.stages,
    funds: work.funds,
    fundTotal,
    personTotal: total - fundTotal,
    personParts: work.person,
    accounts: work.drawn,
    account,
    cash: total - fundTotal - account,
    after: work.state,
    mechanisms: work.mechanisms,
  };
}
