import type { ParameterRow } from '../core/policy/parameter.ts';
import type { AccountRule, Benefit, Layer, OutOfArea, Policy, SpecialDisease } from '../core/policy/policy.ts';
import type { BenefitKind } from '../core/policy/terms.ts';
import { addRow, inside, member, type Compilation, type Place } from './compile-parameter.ts';
import { compileAmount, compileNumber, compileStage, compileWhen } from './compile-stage.ts';
import type { PolicyDocument } from './policy-schema.ts';
import type { FileErrors } from './rule-error.ts';

export const BENEFIT_KINDS: readonly BenefitKind[] = ['outpatient', 'pharmacy', 'inpatient', 'specialDisease'];

type Origin = Pick<PolicyDocument['year'], 'source' | 'provenance' | 'note'>;

/** A rule that is not a number, but has a source all the same. */
function statement(place: Place, value: string, { source, provenance, note }: Origin): ParameterRow<string> {
  const { from, to } = place.compilation.whole;
  return addRow<string>(place, { from, to, when: undefined, value, source, provenance, note });
}

function compileIndices(root: Place, { indices }: PolicyDocument): void {
  for (const [name, entries] of Object.entries(indices)) {
    const place = inside(root, 'indices', name);
    const index = compileNumber(place, entries);
    const depends = index.entries.some(({ rows }) => rows.some((row) => row.when !== undefined));
    if (depends) root.compilation.errors.add(place.path, 'an index depends on the day only');
    root.compilation.indices.set(name, index);
  }
}

function compileBenefits(root: Place, { benefits }: PolicyDocument): Policy['benefits'] {
  const compiled: Partial<Record<BenefitKind, Benefit>> = {};
  for (const kind of BENEFIT_KINDS) {
    const document = benefits[kind];
    if (document === undefined) continue;
    const place = inside(root, 'benefits', kind);
    const longStayDays = document.longStayDays && compileNumber(inside(place, 'longStayDays'), document.longStayDays);
    compiled[kind] = { ...compileStage(place, kind, document), kind, longStayDays };
  }
  return compiled;
}

function compileLayers(root: Place, { layers, benefits }: PolicyDocument): Layer[] {
  const provided = BENEFIT_KINDS.filter((kind) => benefits[kind] !== undefined);
  return layers.map((document, at) => {
    const { id, fund, benefits: kinds = provided, when, base, lumpSum } = document;
    const place = member(root, 'layers', at, id);
    return {
      ...compileStage(place, id, document),
      fund,
      benefits: kinds,
      when: compileWhen(place, when),
      base,
      lumpSum: lumpSum && {
        at: compileAmount(inside(place, 'lumpSum', 'at'), lumpSum.at),
        pays: compileAmount(inside(place, 'lumpSum', 'pays'), lumpSum.pays),
        accumulator: lumpSum.accumulator,
      },
    };
  });
}

function compileDiseases(root: Place, { specialDiseases }: PolicyDocument): SpecialDisease[] {
  return specialDiseases.map((document, at) => {
    const { code, name, scope, items, certifiedItems, periods } = document;
    const place = member(root, 'specialDiseases', at, code);
    return {
      code,
      name,
      scope,
      items,
      certifiedItems,
      periods: periods.map(({ id, months }, periodAt) => ({
        id,
        months: months && compileNumber(inside(member(place, 'periods', periodAt, id), 'months'), months),
      })),
      row: statement(place, scope === 'any' ? 'every item' : `${items.length} items listed`, document),
    };
  });
}

function compileOutOfArea(root: Place, { outOfArea }: PolicyDocument): OutOfArea | undefined {
  if (outOfArea === undefined) return undefined;
  const form = (name: keyof OutOfArea) => {
    const entries = outOfArea[name];
    return entries && compileNumber(inside(root, 'outOfArea', name), entries);
  };
  return {
    extraFirstSelfPay: form('extraFirstSelfPay'),
    ratioMinus: form('ratioMinus'),
    benefitTimes: form('benefitTimes'),
    deductibleTimes: form('deductibleTimes'),
    level: form('level'),
  };
}

function compileAccounts(root: Place, { accounts }: PolicyDocument): AccountRule[] {
  return accounts.map((document, at) => {
    const { purse, benefits, first, pays } = document;
    const row = statement(member(root, 'accounts', at, purse), purse, document);
    return { source: purse, benefits, first, pays, row };
  });
}

/** A compiled policy with what checking it needs. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly compilation: Compilation;
}

/** Compiles a document of the right shape; what is wrong with its sense is added to the errors. */
export function compilePolicy(document: PolicyDocument, hash: string, errors: FileErrors): CompiledPolicy {
  const { id, region, scheme, effective, accumulators } = document;
  const compilation: Compilation = {
    rows: [],
    paths: new Map(),
    conditions: [],
    indices: new Map(),
    whole: effective,
    errors,
  };
  const root: Place = { compilation, path: [], name: '' };
  compileIndices(root, document);
  const { starts, placedBy } = document.year;
  const policy: Policy = {
    hash,
    id,
    region,
    scheme,
    from: effective.from,
    to: effective.to,
    year: {
      startsOn: starts,
      placedBy,
      row: statement(inside(root, 'year'), `${starts}, by ${placedBy}`, document.year),
    },
    accumulators: Object.entries(accumulators).map(([name, { counts, of, when, per }]) => ({
      name,
      measure: counts,
      of,
      when: compileWhen(inside(inside(root, 'accumulators'), name), when),
      per,
    })),
    benefits: compileBenefits(root, document),
    diseases: compileDiseases(root, document),
    layers: compileLayers(root, document),
    outOfArea: compileOutOfArea(root, document),
    accounts: compileAccounts(root, document),
    rows: compilation.rows,
  };
  return { policy, compilation };
}
