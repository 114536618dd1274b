import type { Facts } from '../../src/core/adjudicate/facts.ts';
import { NO_LIMIT } from '../../src/core/policy/parameter.ts';
import type { History } from './generate.ts';

/** Left out because they are alike in all that is generated, or say again what stands beside them. */
const SILENT = new Set(['source', 'provenance', 'note', 'index', 'parameter', 'row', 'uses']);

function asText(value: object): string {
  return JSON.stringify(value, (key, each: unknown) => {
    if (SILENT.has(key)) return undefined;
    if (each === NO_LIMIT) return 'none';
    return each instanceof Map ? Object.fromEntries(each as Map<string, unknown>) : each;
  });
}

function rulesAsText({ policies, catalogues, pairs }: History['rules']): string[] {
  return [
    ...policies.map((policy) => `policy ${asText({ ...policy, rows: undefined })}`),
    ...catalogues.map((catalogue) => `catalogue ${asText(catalogue)}`),
    `pairs ${asText(pairs)}`,
  ];
}

/** One bill with the rules that its result can rest on. */
export function printCase(facts: Facts, { policies, catalogues, pairs }: History['rules']): string {
  const { bill, institution, settledOn } = facts;
  const days = [settledOn, bill.visitDate, bill.admissionDate ?? bill.visitDate];
  const pair = `${institution.region} ${bill.kind}`;
  const rules = {
    policies: policies.filter(({ from, to = '9999-12-31' }) => days.some((day) => from <= day && day <= to)),
    catalogues: catalogues.filter(({ region }) => [institution.region, facts.person.homeRegion].includes(region)),
    pairs: Object.fromEntries(Object.entries(pairs).filter(([key]) => key === pair)),
  };
  return [`facts ${asText(facts)}`, ...rulesAsText(rules)].join('\n');
}

/** A whole history. */
export function printHistory({ rules, person, accumulators, accounts, visits }: History): string {
  const start = asText({ person, accumulators, accounts });
  return [start, ...visits.map((visit) => `visit ${asText(visit)}`), ...rulesAsText(rules)].join('\n');
}
