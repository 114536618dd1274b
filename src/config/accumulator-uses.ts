import type { Measure } from '../core/policy/policy.ts';
import { BENEFIT_KINDS } from './compile-policy.ts';
import type { PolicyDocument, StageDocument } from './policy-schema.ts';
import type { FileErrors, Path } from './rule-error.ts';

/** A place in a policy that reads an accumulator, and what the accumulator must count there. */
interface AccumulatorUse {
  readonly path: Path;
  readonly name: string;
  readonly stage: string;
  readonly needs: readonly Measure[];
}

function usesOfStage(at: Path, stage: string, { deductible, bands, caps }: StageDocument): AccumulatorUse[] {
  const uses: AccumulatorUse[] = [];
  const use = (path: Path, name: string | undefined, ...needs: Measure[]): void => {
    if (name !== undefined) uses.push({ path: [...at, ...path], name, stage, needs });
  };
  if (deductible?.form === 'yearly') {
    use(['deductible', 'accumulator'], deductible.accumulator, 'deducted', 'expense');
    use(['deductible', 'standardAccumulator'], deductible.standardAccumulator, 'standard');
  }
  if (deductible?.form === 'perAdmission') {
    use(['deductible', 'admissions'], deductible.admissions, 'admissions');
    use(['deductible', 'yearlyCeiling', 'accumulator'], deductible.yearlyCeiling?.accumulator, 'deducted');
  }
  use(['bands', 'accumulator'], bands.accumulator, bands.measure === 'gross' ? 'expense' : 'beyond');
  caps.forEach(({ on, includesDeductible, accumulator }, index) => {
    const needed = on === 'payment' ? 'paid' : includesDeductible ? 'coveredAndDeducted' : 'covered';
    use(['caps', index, 'accumulator'], accumulator, needed);
  });
  return uses;
}

function usesOf({ benefits, layers }: PolicyDocument): AccumulatorUse[] {
  const ofBenefits = BENEFIT_KINDS.flatMap((kind) => {
    const benefit = benefits[kind];
    return benefit === undefined ? [] : usesOfStage(['benefits', kind], kind, benefit);
  });
  const ofLayers = layers.flatMap((layer, at) => {
    const { id, lumpSum } = layer;
    const uses = usesOfStage(['layers', at], id, layer);
    if (lumpSum === undefined) return uses;
    const path: Path = ['layers', at, 'lumpSum', 'accumulator'];
    return [...uses, { path, name: lumpSum.accumulator, stage: id, needs: ['expense'] as const }];
  });
  return [...ofBenefits, ...ofLayers];
}

/** Declares the accumulators that a case names without declaring them: by year, counting what all their users can take. */
export function declareAccumulators(document: PolicyDocument): PolicyDocument {
  const accumulators = { ...document.accumulators };
  const undeclared = usesOf(document).filter(({ name }) => !(name in document.accumulators));
  for (const [name, uses] of Map.groupBy(undeclared, (use) => use.name)) {
    const wanted = uses.flatMap(({ needs }) => needs);
    const counts = wanted.find((measure) => uses.every(({ needs }) => needs.includes(measure))) ?? wanted[0];
    const of = [...new Set(uses.map(({ stage }) => stage))];
    if (counts !== undefined) accumulators[name] = { counts, of, per: 'year' };
  }
  return { ...document, accumulators };
}

/** Every use names an accumulator that counts what the use needs and that the using stage feeds. */
export function checkAccumulators(document: PolicyDocument, errors: FileErrors): void {
  const { accumulators, benefits, layers, specialDiseases } = document;
  const stages = new Set<string>([...BENEFIT_KINDS.filter((kind) => benefits[kind]), ...layers.map(({ id }) => id)]);
  const hasPeriods = specialDiseases.some(({ periods }) => periods.length > 0);
  for (const [name, { of, per }] of Object.entries(accumulators)) {
    of.forEach((stage, at) => {
      if (!stages.has(stage))
        errors.add(['accumulators', name, 'of', at], `this policy has no benefit or layer ${stage}`);
    });
    if (per === 'period' && !hasPeriods) errors.add(['accumulators', name, 'per'], 'no special disease has periods');
  }
  for (const { path, name, stage, needs } of usesOf(document)) {
    const accumulator = accumulators[name];
    if (accumulator === undefined) {
      errors.add(path, `no accumulator is called ${name}`);
      continue;
    }
    if (!needs.includes(accumulator.counts)) {
      errors.add(path, `${name} counts ${accumulator.counts}, but here it must count ${needs.join(' or ')}`);
    }
    if (!accumulator.of.includes(stage)) errors.add(path, `${name} is not fed by ${stage}, which uses it`);
  }
}
