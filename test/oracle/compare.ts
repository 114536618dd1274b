import type { Accumulators } from '../../src/core/adjudicate/facts.ts';
import type { Rejection, Verdict } from '../../src/core/adjudicate/verdict.ts';
import type { Amounts, Refusal } from './oracle.ts';

const STAGE_FIELDS = ['expense', 'deducted', 'beyond', 'covered', 'lumpSum', 'paid', 'coinsurance', 'overCap'] as const;
const LINE_FIELDS = [
  'reason',
  'itemClass',
  'benefit',
  'compliant',
  'fullSelfPay',
  'overLimit',
  'firstSelfPay',
  'eligible',
] as const;
const BILL_FIELDS = [
  'policyHash',
  'catalogueOf',
  'benefitDate',
  'yearStart',
  'total',
  'fullSelfPay',
  'overLimit',
  'firstSelfPay',
  'eligible',
  'fundTotal',
  'personTotal',
  'account',
  'cash',
] as const;

type Flat = Map<string, string>;

function put<T extends object>(flat: Flat, path: string, from: T, fields: readonly (keyof T)[]): void {
  for (const field of fields) flat.set(`${path}${String(field)}`, String(from[field]));
}

function putAccumulators(flat: Flat, accumulators: Accumulators): void {
  for (const [bucket, names] of Object.entries(accumulators)) {
    for (const [name, value] of Object.entries(names))
      if (value !== 0) flat.set(`after ${bucket} ${name}`, String(value));
  }
}

function flatten(answer: Verdict | Amounts, after: Accumulators): Flat {
  const flat: Flat = new Map();
  put(flat, '', answer, BILL_FIELDS);
  flat.set('catalogueHashes', [...answer.catalogueHashes].toSorted().join(', '));
  put(flat, 'fund ', answer.funds, Object.keys(answer.funds) as (keyof typeof answer.funds)[]);
  put(flat, 'part ', answer.personParts, Object.keys(answer.personParts) as (keyof typeof answer.personParts)[]);
  put(flat, 'purse ', answer.accounts, Object.keys(answer.accounts) as (keyof typeof answer.accounts)[]);
  for (const line of answer.lines) put(flat, `line ${line.no} `, line, LINE_FIELDS);
  answer.stages.forEach((stage, index) => put(flat, `stage ${index} ${stage.stage} `, stage, STAGE_FIELDS));
  putAccumulators(flat, after);
  return flat;
}

/**
 * Every amount in which the engine and the oracle differ, as `path: engine … oracle …`.
 *
 * @param after where the engine's changes leave the accumulators
 */
export function differences(engine: Verdict | Rejection, after: Accumulators, oracle: Amounts | Refusal): string[] {
  if (engine.kind === 'rejection' || oracle.rejection !== undefined) {
    const ours = engine.kind === 'rejection' ? engine.code : 'a verdict';
    const theirs = oracle.rejection ?? 'a verdict';
    return ours === theirs ? [] : [`engine ${ours}, oracle ${theirs}`];
  }
  const ours = flatten(engine, after);
  const theirs = flatten(oracle, oracle.after);
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])];
  return paths
    .filter((path) => ours.get(path) !== theirs.get(path))
    .map((path) => `${path}: engine ${ours.get(path) ?? 'none'}, oracle ${theirs.get(path) ?? 'none'}`);
}
