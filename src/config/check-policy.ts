import { BENEFIT_KINDS, type CompiledPolicy } from './compile-policy.ts';
import { checkAccumulators } from './accumulator-uses.ts';
import { checkCoverage } from './check-coverage.ts';
import type { Fen } from '../core/money/fen.ts';
import type { Parameter } from '../core/policy/parameter.ts';
import type { PolicyDocument, StageDocument } from './policy-schema.ts';
import { reportTwice, type FileErrors, type Path } from './rule-error.ts';

function checkNames({ layers, benefits, specialDiseases, accounts }: PolicyDocument, errors: FileErrors): void {
  const checkCaps = (at: Path, { caps }: StageDocument): void =>
    reportTwice(
      caps.map(({ id }) => id),
      (index) => [...at, 'caps', index, 'id'],
      errors,
    );
  for (const kind of BENEFIT_KINDS) {
    const benefit = benefits[kind];
    if (benefit !== undefined) checkCaps(['benefits', kind], benefit);
  }
  reportTwice(
    layers.map(({ id }) => id),
    (at) => ['layers', at, 'id'],
    errors,
  );
  layers.forEach((layer, at) => {
    checkCaps(['layers', at], layer);
    if (BENEFIT_KINDS.some((kind) => kind === layer.id))
      errors.add(['layers', at, 'id'], `${layer.id} is a benefit's name`);
    reportTwice(layer.base, (index) => ['layers', at, 'base', index], errors);
  });
  reportTwice(
    specialDiseases.map(({ code }) => code),
    (at) => ['specialDiseases', at, 'code'],
    errors,
  );
  specialDiseases.forEach(({ periods }, at) => {
    reportTwice(
      periods.map(({ id }) => id),
      (index) => ['specialDiseases', at, 'periods', index, 'id'],
      errors,
    );
  });
  accounts.forEach(({ pays }, at) => reportTwice(pays, (index) => ['accounts', at, 'pays', index], errors));
}

/** Benefits that layers and purses name are benefits of this policy. */
function checkBenefitNames({ benefits, layers, accounts }: PolicyDocument, errors: FileErrors): void {
  const check = (kinds: readonly (keyof typeof benefits)[], at: Path): void =>
    kinds.forEach((kind, index) => {
      if (benefits[kind] === undefined) errors.add([...at, index], `this policy has no benefit ${kind}`);
    });
  layers.forEach((layer, at) => check(layer.benefits ?? [], ['layers', at, 'benefits']));
  accounts.forEach((account, at) => {
    check(account.benefits, ['accounts', at, 'benefits']);
    check(account.first, ['accounts', at, 'first']);
  });
}

function checkDiseases({ benefits, specialDiseases }: PolicyDocument, errors: FileErrors): void {
  if (specialDiseases.length > 0 && benefits.specialDisease === undefined) {
    errors.add(['specialDiseases'], 'need a benefit `specialDisease`');
  }
  if (specialDiseases.length === 0 && benefits.specialDisease !== undefined) {
    errors.add(['benefits', 'specialDisease'], 'is for no disease: `specialDiseases` lists none');
  }
  specialDiseases.forEach(({ items, periods }, at) => {
    items.forEach((item, index) => {
      if (/\*./.test(item)) errors.add(['specialDiseases', at, 'items', index], '`*` may only stand at the end');
    });
    periods.forEach(({ months }, index) => {
      if (months === undefined && index < periods.length - 1) {
        errors.add(['specialDiseases', at, 'periods', index, 'months'], 'is missing: only the last period may be open');
      }
    });
  });
}

/** Conditions name diseases and periods that exist. Whether they can hold is checked with the parameters. */
function checkConditionNames({ policy, compilation }: CompiledPolicy, errors: FileErrors): void {
  const diseases = policy.diseases.map(({ code }) => code);
  const periods = policy.diseases.flatMap((disease) => disease.periods.map(({ id }) => id));
  for (const { when, path } of compilation.conditions) {
    for (const code of when.disease ?? []) {
      if (!diseases.includes(code)) errors.add([...path, 'disease'], `no special disease ${code} is listed`);
    }
    for (const id of when.period ?? []) {
      if (!periods.includes(id)) errors.add([...path, 'period'], `no special disease has a period ${id}`);
    }
  }
}

/** Counting admissions belongs to inpatient care, and needs an accumulator that counts them. */
function checkAdmissions(document: PolicyDocument, { compilation }: CompiledPolicy, errors: FileErrors): void {
  for (const kind of BENEFIT_KINDS) {
    const benefit = document.benefits[kind];
    if (kind === 'inpatient' || benefit === undefined) continue;
    if (benefit.longStayDays !== undefined)
      errors.add(['benefits', kind, 'longStayDays'], 'is for inpatient care only');
    const { deductible } = benefit;
    if (deductible?.form === 'perAdmission' && deductible.admissions !== undefined) {
      errors.add(['benefits', kind, 'deductible', 'admissions'], 'is for inpatient care only');
    }
  }
  const counted = Object.values(document.accumulators).some(
    ({ counts, of }) => counts === 'admissions' && of.includes('inpatient'),
  );
  for (const { when, path } of compilation.conditions) {
    if (when.admission !== undefined && !counted) {
      errors.add([...path, 'admission'], 'no accumulator counts the admissions of inpatient care');
    }
  }
}

/** Edges that are shares of an index rise too. */
function checkEdges({ policy, compilation }: CompiledPolicy, errors: FileErrors): void {
  const all: Parameter<readonly Fen[]>[] = [...Object.values(policy.benefits), ...policy.layers].map(
    ({ bands }) => bands.edges,
  );
  for (const row of all.flatMap(({ entries }) => entries.flatMap(({ rows }) => rows))) {
    const rises = row.value.every((edge, at) => at === 0 || edge > (row.value[at - 1] ?? 0));
    if (!rises) errors.add(compilation.paths.get(row) ?? [], `edges do not rise from ${row.from} on`);
  }
}

/** Checks what the shape of a policy cannot say. */
export function checkPolicy(document: PolicyDocument, compiled: CompiledPolicy, errors: FileErrors): void {
  const { from, to } = document.effective;
  if (to !== undefined && to < from) errors.add(['effective'], `ends on ${to}, before it starts on ${from}`);
  checkNames(document, errors);
  checkBenefitNames(document, errors);
  checkDiseases(document, errors);
  checkAccumulators(document, errors);
  checkConditionNames(compiled, errors);
  checkAdmissions(document, compiled, errors);
  checkEdges(compiled, errors);
  // Combinations of names that do not exist would only say the same again.
  if (errors.none) checkCoverage(compiled, errors);
}
