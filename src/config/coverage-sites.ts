import type { Fen } from '../core/money/fen.ts';
import type { Condition, Parameter } from '../core/policy/parameter.ts';
import type { Policy, Stage } from '../core/policy/policy.ts';
import type { BenefitKind, ItemClass } from '../core/policy/terms.ts';

/** A parameter or condition with what is known about the attributes wherever it is asked. */
export interface Site {
  readonly benefits: readonly BenefitKind[];
  /** The only disease it is asked for, before its period is known. */
  readonly disease: string | undefined;
  readonly countsAdmissions: boolean;
  /** Edges of the bands whose ratio it is. */
  readonly edges: Parameter<readonly Fen[]> | undefined;
  readonly itemClasses: readonly (ItemClass | undefined)[];
  /** It is asked only where all of these hold, */
  readonly holds: readonly Condition[];
  /** and none of these. */
  readonly fails: readonly Condition[];
}

export interface ParameterSite extends Site {
  readonly parameter: Parameter<unknown>;
}

export interface ConditionSite extends Site {
  readonly condition: Condition;
}

export interface Sites {
  readonly parameters: readonly ParameterSite[];
  readonly conditions: readonly ConditionSite[];
}

interface Found {
  readonly parameters: ParameterSite[];
  readonly conditions: ConditionSite[];
}

function addParameters(found: Found, site: Site, ...parameters: (Parameter<unknown> | undefined)[]): void {
  for (const parameter of parameters) if (parameter !== undefined) found.parameters.push({ ...site, parameter });
}

function addStage(found: Found, site: Site, { deductible, bands, caps }: Stage, ofBenefit: boolean): void {
  if (deductible !== undefined) {
    for (const condition of deductible.waived) found.conditions.push({ ...site, condition });
    const asked = { ...site, fails: deductible.waived };
    addParameters(found, asked, deductible.amount);
    if (deductible.form === 'perAdmission') {
      const { factor, flat, floor, yearlyCeiling } = deductible;
      addParameters(found, asked, factor, flat, floor, yearlyCeiling?.amount);
    }
  }
  addParameters(found, site, bands.edges);
  // Class C never gets as far as a ratio; a layer does not see classes.
  const itemClasses: Site['itemClasses'] = ofBenefit ? ['A', 'B'] : [undefined];
  addParameters(found, { ...site, edges: bands.edges, itemClasses }, bands.ratio);
  for (const { when, amount } of caps) {
    if (when !== undefined) found.conditions.push({ ...site, condition: when });
    addParameters(found, { ...site, holds: [...site.holds, ...(when === undefined ? [] : [when])] }, amount);
  }
}

/** Every parameter and condition of a policy, with where the engine asks it. */
export function sitesOf(policy: Policy): Sites {
  const found: Found = { parameters: [], conditions: [] };
  const provided = Object.values(policy.benefits);
  const anywhere: Site = {
    benefits: provided.map(({ kind }) => kind),
    disease: undefined,
    countsAdmissions: false,
    edges: undefined,
    itemClasses: [undefined],
    holds: [],
    fails: [],
  };
  for (const benefit of provided) {
    const site: Site = { ...anywhere, benefits: [benefit.kind] };
    addStage(found, { ...site, countsAdmissions: benefit.kind === 'inpatient' }, benefit, true);
    addParameters(found, site, benefit.longStayDays);
  }
  for (const layer of policy.layers) {
    const { when, lumpSum } = layer;
    const site: Site = { ...anywhere, benefits: layer.benefits, holds: when === undefined ? [] : [when] };
    if (when !== undefined) found.conditions.push({ ...site, holds: [], condition: when });
    addStage(found, site, layer, false);
    addParameters(found, site, lumpSum?.at, lumpSum?.pays);
  }
  const fedBy = [...provided.map(({ id, kind }) => ({ id, benefits: [kind] })), ...policy.layers];
  for (const { of, when } of policy.accumulators) {
    if (when === undefined) continue;
    const benefits = fedBy.filter(({ id }) => of.includes(id)).flatMap((stage) => stage.benefits);
    found.conditions.push({ ...anywhere, benefits, countsAdmissions: of.includes('inpatient'), condition: when });
  }
  for (const { code, periods } of policy.diseases) {
    const site: Site = { ...anywhere, benefits: ['specialDisease'], disease: code };
    addParameters(found, site, ...periods.map(({ months }) => months));
  }
  const { extraFirstSelfPay, ratioMinus, benefitTimes, deductibleTimes, level } = policy.outOfArea ?? {};
  addParameters(found, anywhere, extraFirstSelfPay, ratioMinus, benefitTimes, deductibleTimes, level);
  return found;
}
