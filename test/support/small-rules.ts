import { compileCasePolicy } from '../../src/config/case-rulebook.ts';
import { createRulebook } from '../../src/config/rulebook.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import type { Catalogue, CatalogueItem } from '../../src/core/policy/catalogue.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';

/** Home of everybody insured under the small rules; their catalogue has one class A item. */
export const SMALL_REGION = '320509';

/** The one item of the small catalogue. */
export const SMALL_ITEM: CatalogueItem = {
  code: 'A1',
  name: '透析液',
  kind: 'drug',
  itemClass: 'A',
  firstSelfPay: { employee: 0, resident: 0 },
  priceLimit: undefined,
  restriction: undefined,
  compliant: false,
  provenance: 'illustrative',
  source: 'test',
};

/** A rulebook of one employee policy, written as the benefits, layers and accounts of a policy file. */
export function smallRulebook(policyText: string): Rulebook {
  const yaml = parseYaml('policy', `region: "${SMALL_REGION}"\n${policyText}`);
  const policy = compileCasePolicy(yaml.tree as object, yaml.errors);
  if (policy === undefined || yaml.errors.found.length > 0) throw new Error(JSON.stringify(yaml.errors.found));
  const items = new Map([[SMALL_ITEM.code, SMALL_ITEM]]);
  const catalogue: Catalogue = { hash: 'small', region: SMALL_REGION, from: '1900-01-01', to: undefined, items };
  return createRulebook({
    policies: [policy],
    catalogues: [catalogue],
    regions: { regions: [], zones: [], pairs: [] },
  });
}
