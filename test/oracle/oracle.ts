import type { Accumulators, Facts } from '../../src/core/adjudicate/facts.ts';
import type { RejectionCode } from '../../src/core/adjudicate/verdict.ts';
import type { Layer } from '../../src/core/policy/policy.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import { PERSON_PARTS, type AccountSource, type Fund, type PersonPart } from '../../src/core/policy/terms.ts';
import { daysFrom } from './days.ts';
import { least, notNegative, rounded, sum, times, whole } from './exact.ts';
import { gate, rowOf } from './gate.ts';
import type { LineAmounts } from './lines.ts';
import { workOut, type StageAmounts, type StageInput } from './stage.ts';
import { KEPT, Working, type Part } from './working.ts';

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

/** Takes an amount out of several parts, one after the other, as far as they go. */
function takeInOrder<K extends string | number>(from: Record<K, bigint>, order: Iterable<K>, amount: bigint): void {
  let wanted = amount;
  for (const key of order) {
    const taken = least(from[key], wanted);
    from[key] -= taken;
    wanted -= taken;
  }
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
    work.person(part.benefit).coinsurance += eligible;
    work.stages.push({ ...UNPAID, expense: eligible, beyond: eligible, coinsurance: eligible });
    return;
  }
  const { adjustment } = work;
  const outOfArea = rounded(times(whole(eligible), adjustment.extra));
  if (outOfArea > 0n) work.note('out of area, extraFirstSelfPay');
  const first = payFirst(work, part, eligible - outOfArea);
  work.person(part.benefit).outOfArea += outOfArea;
  work.person(part.benefit).accountFirst += first;

  const stays = work.stays(part);
  const admissions = byAdmission(work, part, stays);
  const ofClass = (wanted: string) =>
    sum(part.lines.filter(({ itemClass }) => itemClass === wanted).map((line) => line.eligible));
  const classes: [bigint, bigint, bigint] = [ofClass('A'), ofClass('B'), ofClass('C')];
  // What is paid ahead of the deductible comes out of the earliest admission, and out of class A, first.
  takeInOrder(admissions, admissions.keys(), outOfArea + first);
  takeInOrder(classes, classes.keys(), outOfArea + first);

  const { attributes } = part;
  const input = { stage: benefit, day, attributes, admissions, classes, ...work.senses(attributes), ...adjustment };
  const done = workOut(input);
  work.stages.push(done);
  work.funds.pool += done.paid;
  work.person(part.benefit).deductible += done.deducted;
  work.person(part.benefit).coinsurance += done.coinsurance;
  work.person(part.benefit).overCap += done.overCap;
  work.feed(benefit, done, input, stays);
}

function settleLayer(work: Working, layer: Layer): void {
  const { day } = work.ground;
  const seen = work.parts.filter(({ benefit }) => layer.benefits.includes(benefit));
  const attributes = seen[0]?.attributes;
  if (attributes === undefined || !(layer.when?.holds(attributes) ?? true)) return;
  // One purse of amounts: every named part of every benefit that the layer sees, in the order in which it is emptied.
  const borne = layer.base.flatMap((part) => seen.map(({ benefit }) => ({ part, person: work.person(benefit) })));
  const base = sum(borne.map(({ part, person }) => person[part]));
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
  let wanted = done.paid;
  for (const { part, person } of borne) {
    const taken = least(person[part], wanted);
    person[part] -= taken;
    wanted -= taken;
  }
  if (seen.length < work.parts.length && done.paid > 0n) work.note('layer sees one part of two');
  work.feed(layer, done, input, 0);
}

/** What the person bears of the whole bill. */
function borneInAll(work: Working): Record<PersonPart, bigint> {
  const each = Object.values(work.persons);
  return Object.fromEntries(PERSON_PARTS.map((part) => [part, sum(each.map((person) => person[part]))])) as Record<
    PersonPart,
    bigint
  >;
}

/** What purses pay of what is left to the person, each of its own parts, after the funds. */
function payFromPurses(work: Working): void {
  const unpaid = { ...borneInAll(work), accountFirst: 0n };
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
  for (const line of work.lines) {
    const person = work.person(line.benefit);
    person[line.compliant ? 'compliantSelfPay' : 'fullSelfPay'] += line.fullSelfPay;
    person.overLimit += line.overLimit;
    person.firstSelfPay += line.firstSelfPay;
  }

  for (const part of work.parts) settlePart(work, part);
  for (const layer of ground.policy.layers) settleLayer(work, layer);
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
    personParts: borneInAll(work),
    accounts: work.drawn,
    account,
    cash: total - fundTotal - account,
    after: work.state,
    mechanisms: work.mechanisms,
  };
}
