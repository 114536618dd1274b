import type { DateText } from '../core/calendar.ts';
import { amountOf } from '../core/money/fen.ts';
import { parseFen, parseScaled } from '../core/money/text.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Rulebook } from '../core/policy/rulebook.ts';
import type { Scheme } from '../core/policy/terms.ts';
import type { CaseStep, ExpectedAmount, Expectation, WorkedCase } from '../core/policy/worked-case.ts';
import { compileCasePolicy, createCaseRulebook, isWrittenOut, WrittenItems } from './case-rulebook.ts';
import {
  policyNameSchema,
  type BillStepDocument,
  type CaseDocument,
  type ExpectationDocument,
  type LineDocument,
  type StepDocument,
} from './case-schema.ts';
import type { FileErrors, Path } from './rule-error.ts';
import { readShape } from './shapes.ts';

const LONG_AGO = '1900-01-01';
const QUANTITY_ONE = 10_000;
const PRICE_PER_FEN = 10_000;

type BillFacts = Extract<CaseStep, { kind: 'bill' }>['facts'];
type LineFacts = BillFacts['bill']['lines'][number];

/** The rules that a case stands on: those of its folder. */
export interface CaseGround {
  readonly rulebook: Rulebook;
  readonly hasRegions: boolean;
}

interface Insured {
  readonly policy: Policy | undefined;
  readonly region: string;
  readonly scheme: Scheme;
}

/** Whether a case names the policy it stands on, by region and scheme or by its person, instead of writing it out. */
export function namesPolicy({ policy }: CaseDocument): boolean {
  if (policy === undefined) return true;
  if (typeof policy !== 'object' || policy === null) return false;
  return Object.keys(policy).every((key) => key === 'region' || key === 'scheme');
}

/** Whose policy it is: written out in the case, named by region and scheme, or that of the person. */
function insuredUnder(document: CaseDocument, errors: FileErrors): Insured | undefined {
  const { policy: tree, person } = document;
  if (tree === undefined) {
    if (person.homeRegion === undefined || person.scheme === undefined) {
      errors.add(['policy'], 'is missing, and `person` has not both `homeRegion` and `scheme`');
      return undefined;
    }
    return { policy: undefined, region: person.homeRegion, scheme: person.scheme };
  }
  if (typeof tree !== 'object' || tree === null) {
    errors.add(['policy'], 'is neither a policy nor `{region, scheme}`');
    return undefined;
  }
  if (namesPolicy(document)) {
    const name = readShape(policyNameSchema, tree, ['policy'], errors);
    return name && { policy: undefined, ...name };
  }
  const policy = compileCasePolicy(tree, errors.under(['policy']));
  return policy && { policy, region: policy.region, scheme: policy.scheme };
}

/** The steps of a case, with where each is written. */
function stepsOf(document: CaseDocument): { step: StepDocument; path: Path }[] {
  const { bill, expect, bills } = document;
  if (bills !== undefined) return bills.map((step, at) => ({ step, path: ['bills', at] }));
  return bill === undefined || expect === undefined ? [] : [{ step: { bill, expect }, path: [] }];
}

function lineFacts(line: LineDocument, no: number, code: string | undefined, visitDate: DateText): LineFacts {
  const { refundOf, quantity = refundOf === undefined ? QUANTITY_ONE : -QUANTITY_ONE } = line;
  const amount = line.amount ?? amountOf(quantity, line.price ?? 0);
  return {
    no,
    code,
    name: line.name ?? code ?? `line ${no}`,
    quantity,
    price: line.price ?? Math.abs(amount) * PRICE_PER_FEN,
    amount,
    feeDate: line.feeDate ?? visitDate,
    certifiedFor: line.certifiedFor,
    restrictionMet: line.restrictionMet,
    refundOf,
  };
}

/** Reads the lines of a bill in order, so that a refund finds the line that it undoes. */
function billLines(
  step: BillStepDocument,
  label: string,
  path: Path,
  items: WrittenItems,
  errors: FileErrors,
): LineFacts[] {
  const lines: LineFacts[] = [];
  step.bill.lines.forEach((line, at) => {
    const own: Path = [...path, 'bill', 'lines', at];
    const original = line.refundOf === undefined ? undefined : lines[line.refundOf - 1];
    if (line.refundOf !== undefined && (original === undefined || original.refundOf !== undefined)) {
      errors.add([...own, 'refundOf'], `${line.refundOf} is no earlier line that is itself not a refund`);
    }
    const written = isWrittenOut(line) ? items.add(line, `${label}.${at + 1}`, own) : line.code;
    const facts = lineFacts(line, at + 1, original?.code ?? written, step.bill.visitDate);
    if (line.refundOf === undefined && facts.amount < 0) {
      errors.add([...own, 'amount'], 'is negative, but the line names no line that it refunds');
    }
    if (line.refundOf !== undefined && facts.amount > 0) errors.add([...own, 'amount'], 'of a refund is positive');
    lines.push(facts);
  });
  return lines;
}

function personFacts(document: CaseDocument, step: BillStepDocument, { region, scheme }: Insured): BillFacts['person'] {
  const person = { ...document.person, ...step.person };
  return {
    id: 'case',
    homeRegion: person.homeRegion ?? region,
    scheme: person.scheme ?? scheme,
    birthDate: person.birthDate ?? '1980-01-01',
    status: person.status ?? 'active',
    retiredOn: person.retiredOn,
    severeDisability: person.severeDisability ?? false,
    student: person.student ?? false,
    familyDoctor: person.familyDoctor ?? false,
    civilServant: person.civilServant ?? false,
    medicalAid: person.medicalAid ?? 'none',
    coverage: (person.coverage ?? [{ from: LONG_AGO, state: 'active' as const }]).map((span) => ({
      to: undefined,
      ...span,
    })),
    registrations: (person.registrations ?? []).map(({ disease, from, to, periodsFrom = from }) => {
      return { disease, from, to, periodsFrom };
    }),
    filings: (person.filings ?? []).map(({ kind, treatmentRegion, from, to }) => ({ kind, treatmentRegion, from, to })),
  };
}

function billFacts(
  document: CaseDocument,
  step: BillStepDocument,
  lines: readonly LineFacts[],
  insured: Insured,
): BillFacts {
  const { kind, visitDate, settledOn = visitDate, admissionDate, emergency, disease } = step.bill;
  const person = personFacts(document, step, insured);
  const { level = 3, region = person.homeRegion, groups = [] } = { ...document.institution, ...step.institution };
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    bill: { kind, visitDate, admissionDate, emergency, disease, total, lines },
    institution: { id: 'case', region, level, groups },
    person,
    settledOn,
  };
}

/** Reads amounts by accumulator: fen, or a plain count of admissions. */
function readAccumulators(
  named: Readonly<Record<string, string>>,
  policy: Policy | undefined,
  path: Path,
  errors: FileErrors,
): Record<string, number> {
  const amounts: Record<string, number> = {};
  for (const [name, text] of Object.entries(named)) {
    const accumulator = policy?.accumulators.find((candidate) => candidate.name === name);
    const amount = accumulator?.measure === 'admissions' ? parseScaled(text, 0) : parseFen(text);
    if (accumulator === undefined) errors.add([...path, name], 'the policy has no such accumulator');
    else if (amount === undefined) errors.add([...path, name], `${JSON.stringify(text)} is not what ${name} counts`);
    else amounts[name] = amount;
  }
  return amounts;
}

function expectationOf(
  document: ExpectationDocument,
  policy: Policy | undefined,
  path: Path,
  errors: FileErrors,
): Expectation {
  const { lines, accumulators, rejection, ...named } = document;
  const amounts: Partial<Record<ExpectedAmount, number>> = {};
  for (const [field, amount] of Object.entries(named) as [ExpectedAmount, number | undefined][]) {
    if (amount !== undefined) amounts[field] = amount;
  }
  if (rejection !== undefined && Object.keys(document.accumulators).length > 0) {
    errors.add([...path, 'accumulators'], 'do not change when a bill is rejected');
  }
  return {
    amounts,
    lines: new Map(Object.entries(lines).map(([no, line]) => [Number(no), line])),
    accumulators: readAccumulators(accumulators, policy, [...path, 'accumulators'], errors),
    rejection,
  };
}

/** What can be at the start: accumulators of the year, for a period begins with a registration of the case's own. */
function startOf(accumulators: Readonly<Record<string, string>>, policy: Policy | undefined, errors: FileErrors) {
  const path: Path = ['person', 'accumulators'];
  for (const { name, per } of policy?.accumulators ?? []) {
    if (name in accumulators && per === 'period') errors.add([...path, name], 'runs over a period: let a bill feed it');
  }
  return readAccumulators(accumulators, policy, path, errors);
}

function isEmpty({ amounts, lines, accumulators, rejection }: Expectation): boolean {
  const named = Object.keys(amounts).length + lines.size + Object.keys(accumulators).length;
  return named === 0 && rejection === undefined;
}

/** Makes a case from its document; undefined when it stands on no policy. Every problem is added to the errors. */
export function buildCase(
  file: string,
  document: CaseDocument,
  ground: CaseGround,
  errors: FileErrors,
): WorkedCase | undefined {
  const insured = insuredUnder(document, errors);
  if (insured === undefined) return undefined;
  const written = stepsOf(document);
  const items = new WrittenItems(errors);
  const diseases = written.flatMap(({ step }) => ('bill' in step ? (step.bill.disease ?? []) : []));
  const rules = { policy: insured.policy, items, pair: document.pair, diseases };
  const rulebook = createCaseRulebook(ground.rulebook, ground.hasRegions, rules);

  let policy: Policy | undefined;
  const steps = written.map(({ step, path }, at): CaseStep => {
    if ('reverse' in step) {
      const undone = written[step.reverse - 1]?.step;
      if (step.reverse > at || undone === undefined || 'reverse' in undone) {
        errors.add([...path, 'reverse'], `${step.reverse} is no earlier bill of this case`);
      }
      return {
        kind: 'reversal',
        of: step.reverse,
        expect: expectationOf(step.expect, policy, [...path, 'expect'], errors),
      };
    }
    const lines = billLines(step, `line ${at + 1}`, path, items, errors);
    const facts = billFacts(document, step, lines, insured);
    policy = rulebook.policyOn(facts.person.homeRegion, facts.person.scheme, facts.settledOn);
    return { kind: 'bill', facts, expect: expectationOf(step.expect, policy, [...path, 'expect'], errors) };
  });
  if (steps.every(({ expect }) => isEmpty(expect))) errors.add(['expect'], 'names nothing, so the case could not fail');

  const first = steps.find((step) => step.kind === 'bill')?.facts;
  const startPolicy = first && rulebook.policyOn(first.person.homeRegion, first.person.scheme, first.settledOn);
  const { accounts, accumulators } = document.person;
  return {
    file,
    name: document.name,
    source: document.source,
    rulebook,
    accounts,
    accumulators: startOf(accumulators, startPolicy, errors),
    steps,
  };
}
