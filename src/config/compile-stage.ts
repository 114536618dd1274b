import type { Condition, Parameter } from '../core/policy/parameter.ts';
import type { Bands, Cap, Deductible, Stage } from '../core/policy/policy.ts';
import {
  asAmount,
  asEdges,
  asWritten,
  compileConditionAt,
  compileParameter,
  inside,
  member,
  type Place,
} from './compile-parameter.ts';
import type {
  AmountDocument,
  ConditionDocument,
  DeductibleDocument,
  ParameterDocument,
  StageDocument,
} from './policy-schema.ts';

export function compileAmount(place: Place, entries: ParameterDocument<AmountDocument>): Parameter {
  return compileParameter(place, entries, asAmount);
}

export function compileNumber(place: Place, entries: ParameterDocument<number>): Parameter {
  return compileParameter(place, entries, asWritten<number>());
}

export function compileWhen(place: Place, when: ConditionDocument | undefined): Condition | undefined {
  return when && compileConditionAt(place, when, [...place.path, 'when']);
}

function compileDeductible(place: Place, document: DeductibleDocument): Deductible {
  const amount = compileAmount(inside(place, 'amount'), document.amount);
  const waived = document.waived.map((when, at) => compileConditionAt(place, when, [...place.path, 'waived', at]));
  if (document.form === 'yearly') {
    const { form, accumulator, once, standardAccumulator } = document;
    return { form, amount, accumulator, once, standardAccumulator, waived };
  }
  const { form, chained, admissions, factor, flat, floor, yearlyCeiling } = document;
  return {
    form,
    amount,
    factor: factor && compileNumber(inside(place, 'factor'), factor),
    chained,
    flat: flat && compileAmount(inside(place, 'flat'), flat),
    floor: floor && compileAmount(inside(place, 'floor'), floor),
    admissions,
    yearlyCeiling: yearlyCeiling && {
      amount: compileAmount(inside(place, 'yearlyCeiling', 'amount'), yearlyCeiling.amount),
      accumulator: yearlyCeiling.accumulator,
    },
    waived,
  };
}

/** No law wrote the edge of a single band: its row is not among the policy's rows, and no trace names it. */
function oneBand(place: Place): Parameter<readonly number[]> {
  const { from, to } = place.compilation.whole;
  const origin = { source: 'one band', provenance: 'sourced', note: undefined } as const;
  const row = { parameter: place.name, index: -1, from, to, when: undefined, value: [0], ...origin };
  return { id: place.name, entries: [{ from, to, rows: [row] }] };
}

function compileBands(place: Place, { measure, accumulator, edges, ratio }: StageDocument['bands']): Bands {
  const edgesPlace = inside(place, 'edges');
  return {
    measure,
    accumulator,
    edges: edges === undefined ? oneBand(edgesPlace) : compileParameter(edgesPlace, edges, asEdges),
    ratio: compileNumber(inside(place, 'ratio'), ratio),
  };
}

function compileCap(place: Place, document: StageDocument['caps'][number]): Cap {
  const { id, on, amount, accumulator, includesDeductible, overflow = 'payment', when } = document;
  return {
    id,
    on,
    amount: compileAmount(inside(place, 'amount'), amount),
    accumulator,
    includesDeductible,
    overflow,
    when: compileWhen(place, when),
  };
}

/** Compiles what benefits and layers have in common. */
export function compileStage(place: Place, id: string, { deductible, bands, caps }: StageDocument): Stage {
  return {
    id,
    deductible: deductible && compileDeductible(inside(place, 'deductible'), deductible),
    bands: compileBands(inside(place, 'bands'), bands),
    caps: caps.map((cap, at) => compileCap(member(place, 'caps', at, cap.id), cap)),
  };
}
