import { shareOf, type Fen } from '../money/fen.ts';
import { rowFor, type Attributes } from '../policy/parameter.ts';
import type { Rulebook } from '../policy/rulebook.ts';
import type { BenefitKind, ItemClass } from '../policy/terms.ts';
import { payFirst, payFromAccounts, type Paid } from './accounts.ts';
import { Tally } from './accumulate.ts';
import type { ClassAmount } from './bands.ts';
import { attributesOf, findGround, type Ground } from './eligibility.ts';
import type { BillLine, Facts } from './facts.ts';
import { assertIdentities } from './identities.ts';
import { runLayers } from './layers.ts';
import { admissionNumber, cutStay } from './long-stay.ts';
import { adjustmentFor, type Adjustment } from './out-of-area.ts';
import { partsAfterBenefit, sumOfParts, type BenefitPart } from './person-parts.ts';
import { gateDisease, isRelated, type DiseaseGround } from './special-disease.ts';
import { splitLines, type SplitBill } from './split-lines.ts';
import { runStage, takeFromFront } from './stage.ts';
import { totalsOf } from './totals.ts';
import type { LineVerdict, Rejection, StageVerdict, TraceEntry, Verdict } from './verdict.ts';

/** What every step of one bill shares. */
interface Work {
  readonly facts: Facts;
  readonly ground: Ground;
  readonly disease: DiseaseGround | undefined;
  readonly adjustment: Adjustment;
  readonly attributes: Attributes;
  readonly tally: Tally;
  readonly paid: Paid;
  readonly trace: TraceEntry[];
}

/**
 * Works out who pays what of a bill.
 *
 * Order: eligibility → special-disease gate → catalogue match and line split → out-of-area adjustment → (current-year
 * account, where the policy puts it first) → deductible → bands → cap → further layers → accounts → cash.
 *
 * @shape facts, rulebook → verdict, whose identities hold | rejection, the first that applies
 * @units fen; ratios 1e-8
 * @rounding half-up to the fen at each line's first self-pay, the bill's out-of-area first self-pay, each stage's payment
 * @throws InvariantViolation on a bug, never on input
 * @source design §5; config/policies/README.md
 */
export function adjudicate(facts: Facts, rulebook: Rulebook): Verdict | Rejection {
  const ground = findGround(facts, rulebook);
  if ('kind' in ground) return ground;
  const { bill, person, institution } = facts;
  const basic = attributesOf(facts, ground.benefitDate);

  // The catalogue is looked at before the disease because a missing one comes first in precedence.
  const listed = ground.policy.diseases.find((disease) => disease.code === bill.disease);
  const split = splitLines(
    bill,
    ground.pair.catalogueOf === 'home' ? person.homeRegion : institution.region,
    person.scheme,
    rulebook,
    (line: BillLine): BenefitKind =>
      bill.kind === 'specialDisease' && (listed === undefined || !isRelated(listed, line)) ? 'outpatient' : bill.kind,
  );
  if ('kind' in split) return split;
  const disease = bill.kind === 'specialDisease' ? gateDisease(facts, ground, basic) : undefined;
  if (disease !== undefined && 'kind' in disease) return disease;
  // A special-disease visit of which no line is of the disease is an ordinary one.
  const related = split.lines.some((line) => line.benefit === bill.kind);
  return settleShares(prepare(facts, ground, related ? disease : undefined, related ? basic : ordinary(basic)), split);
}

/** Attributes of lines that fall back to the ordinary outpatient benefit. */
function ordinary(attributes: Attributes): Attributes {
  return { ...attributes, benefit: 'outpatient', disease: undefined, period: undefined, admission: 0 };
}

function prepare(facts: Facts, ground: Ground, disease: DiseaseGround | undefined, basic: Attributes): Work {
  const { benefitDate, yearStart, policy } = ground;
  const trace: TraceEntry[] = [];
  const tally = new Tally(policy, facts.accumulators, yearStart);
  const admission = admissionNumber(policy.benefits[facts.bill.kind], policy, tally);
  const attributes: Attributes = { ...basic, period: disease?.period, admission };
  const adjustment = adjustmentFor(facts, ground, attributes);
  trace.push({
    step: 'benefitYear',
    of: policy.id,
    rows: [policy.year.row],
    inputs: { benefitDate },
    result: { yearStart },
  });
  if (disease !== undefined) {
    const result = { period: disease.period ?? 'none' };
    trace.push({
      step: 'specialDisease',
      of: disease.disease.code,
      rows: disease.rows,
      inputs: { benefitDate },
      result,
    });
  }
  if (adjustment.rows.length > 0) {
    const { extraFirstSelfPay, ratioMinus, benefitTimes, deductibleTimes, level } = adjustment;
    const result = { extraFirstSelfPay, ratioMinus, benefitTimes, deductibleTimes, level };
    trace.push({ step: 'outOfArea', of: attributes.filing, rows: adjustment.rows, inputs: {}, result });
  }
  return {
    facts,
    ground,
    disease,
    adjustment,
    attributes: adjustment.level === 0 ? attributes : { ...attributes, level: adjustment.level },
    tally,
    paid: { current: 0, carried: 0, family: 0 },
    trace,
  };
}

const CLASS_ORDER: readonly ItemClass[] = ['A', 'B', 'C'];

function amountsByClass(lines: readonly LineVerdict[]): ClassAmount[] {
  return CLASS_ORDER.map((itemClass) => ({
    itemClass,
    amount: lines.reduce((sum, line) => (line.itemClass === itemClass ? sum + line.eligible : sum), 0),
  }));
}

/** What becomes of lines that fall back to a benefit that the policy does not have: all stays with the person. */
function unpaid(eligible: Fen): StageVerdict {
  const split = { expense: eligible, deducted: 0, beyond: eligible, covered: 0, paid: 0, coinsurance: eligible };
  return { stage: 'none', fund: 'pool', slices: [], lumpSum: 0, overCap: 0, ...split };
}

function runBenefit(kind: BenefitKind, lines: readonly LineVerdict[], work: Work): BenefitPart {
  const { ground, adjustment, facts, tally, trace } = work;
  const benefit = ground.policy.benefits[kind];
  const eligible = lines.reduce((sum, line) => sum + line.eligible, 0);
  const attributes = kind === facts.bill.kind ? work.attributes : ordinary(work.attributes);
  tally.enterPeriod(kind === 'specialDisease' ? work.disease?.periodBucket : undefined);
  if (benefit === undefined) {
    const verdict = unpaid(eligible);
    const parts = partsAfterBenefit(lines, { outOfArea: 0, accountFirst: 0 }, verdict);
    return { benefit: kind, attributes, verdict, parts };
  }
  const outOfArea = shareOf(eligible, adjustment.extraFirstSelfPay);
  if (outOfArea > 0) {
    const inputs = { eligible, ratio: adjustment.extraFirstSelfPay };
    trace.push({ step: 'outOfArea', of: benefit.id, rows: [], inputs, result: { outOfArea } });
  }
  const accountFirst = payFirst(ground.policy, kind, eligible - outOfArea, facts.accounts, work.paid, trace);
  const limit = benefit.longStayDays && rowFor(benefit.longStayDays, ground.benefitDate, attributes);
  const verdict = runStage(
    {
      stage: benefit,
      fund: 'pool',
      stretches: cutStay(benefit, facts.bill, lines, outOfArea + accountFirst, attributes.admission, limit),
      amounts: takeFromFront(amountsByClass(lines), outOfArea + accountFirst),
      on: ground.benefitDate,
      attributes,
      adjustment,
    },
    tally,
    trace,
  );
  const parts = partsAfterBenefit(lines, { outOfArea, accountFirst }, verdict);
  return { benefit: kind, attributes, verdict, parts };
}

function settleShares(work: Work, split: SplitBill): Verdict {
  const { facts, ground, tally, trace } = work;
  const { bill } = facts;
  const { lines } = split;
  const kinds: BenefitKind[] = bill.kind === 'specialDisease' ? ['specialDisease', 'outpatient'] : [bill.kind];
  const benefits: BenefitPart[] = [];
  for (const kind of kinds) {
    const own = lines.filter((line) => line.benefit === kind);
    if (own.length > 0) benefits.push(runBenefit(kind, own, work));
  }

  const layers = runLayers(ground.policy, ground.benefitDate, benefits, work.disease?.periodBucket, tally, trace);
  const personParts = sumOfParts(benefits);
  const stages = [...benefits.map(({ verdict }) => verdict), ...layers];
  const cash = payFromAccounts(ground.policy, bill.kind, personParts, facts.accounts, work.paid, trace);
  const totals = totalsOf(lines, stages, work.paid);
  trace.push({
    step: 'cash',
    of: 'person',
    rows: [],
    inputs: { personTotal: totals.personTotal, account: totals.account },
    result: { cash: totals.cash },
  });
  const verdict: Verdict = {
    kind: 'verdict',
    policyHash: ground.policy.hash,
    catalogueHashes: split.catalogueHashes,
    catalogueOf: ground.pair.catalogueOf,
    pairProvenance: ground.pair.provenance,
    benefitDate: ground.benefitDate,
    yearStart: ground.yearStart,
    lines,
    stages,
    ...totals,
    personParts,
    accounts: work.paid,
    accumulators: tally.changes(),
    trace,
  };
  assertIdentities(bill, verdict, cash);
  return verdict;
}
