import { RATIO_ONE } from '../core/money/fen.ts';
import type { Catalogue, CatalogueItem } from '../core/policy/catalogue.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { PairRules, Rulebook } from '../core/policy/rulebook.ts';
import { declareAccumulators } from './accumulator-uses.ts';
import { checkPolicy } from './check-policy.ts';
import { compilePolicy } from './compile-policy.ts';
import { canonicalJson, contentHash } from './content-hash.ts';
import type { CaseDocument, LineDocument } from './case-schema.ts';
import { policySchema } from './policy-schema.ts';
import type { FileErrors, Path } from './rule-error.ts';
import { readShape } from './shapes.ts';

const LONG_AGO = '1900-01-01';

function yearOf(tree: object): unknown {
  const year: unknown = 'year' in tree ? tree.year : {};
  const defaults = { starts: '01-01', placedBy: 'settlement' };
  return typeof year === 'object' && year !== null ? { ...defaults, ...year } : year;
}

/** Compiles a policy written in a case; errors name the path inside the policy. */
export function compileCasePolicy(tree: object, errors: FileErrors): Policy | undefined {
  const defaults = { id: 'case', region: '000000', scheme: 'employee', effective: { from: LONG_AGO } };
  const document = readShape(policySchema.case, { ...defaults, ...tree, year: yearOf(tree) }, [], errors);
  if (document === undefined) return undefined;
  const complete = declareAccumulators(document);
  const compiled = compilePolicy(complete, contentHash(canonicalJson(tree)), errors);
  checkPolicy(complete, compiled, errors);
  return compiled.policy;
}

/** Whether a line says itself what the catalogue would say. A line that says nothing and has no code is of class A. */
export function isWrittenOut(line: LineDocument): boolean {
  const { code, firstSelfPay, priceLimit, restriction, compliant } = line;
  const said = [line.class, firstSelfPay, priceLimit, restriction, compliant].some((value) => value !== undefined);
  return said || (code === undefined && line.refundOf === undefined);
}

/** The item that a line writes out. A first self-pay alone makes it class B. */
export function itemOf(code: string, line: LineDocument): CatalogueItem {
  const { name = code, firstSelfPay, priceLimit, restriction, compliant = false } = line;
  const itemClass = line.class ?? (firstSelfPay === undefined ? 'A' : 'B');
  const usual = itemClass === 'C' ? RATIO_ONE : 0;
  return {
    code,
    name,
    kind: 'service',
    itemClass,
    firstSelfPay: firstSelfPay ?? { employee: usual, resident: usual },
    priceLimit,
    restriction,
    compliant,
    provenance: 'illustrative',
    source: 'case',
  };
}

/** The items that the lines of a case write out, by code; the same code must mean the same item throughout. */
export class WrittenItems {
  readonly #items = new Map<string, CatalogueItem>();
  readonly #errors: FileErrors;

  constructor(errors: FileErrors) {
    this.#errors = errors;
  }

  /** Adds what a line writes out and returns its code. */
  add(line: LineDocument, otherwise: string, path: Path): string {
    const code = line.code ?? otherwise;
    const item = itemOf(code, line);
    const known = this.#items.get(code);
    if (known !== undefined && canonicalJson(known) !== canonicalJson(item)) {
      this.#errors.add([...path, 'code'], `${code} is written out differently in an earlier line`);
    }
    this.#items.set(code, item);
    return code;
  }

  /** The items, added to those of the catalogue in force if there is one. */
  over(base: Catalogue | undefined, region: string): Catalogue | undefined {
    if (this.#items.size === 0) return base;
    const items = new Map([...(base?.items ?? []), ...this.#items]);
    const written = [...this.#items.values()];
    const hash = contentHash(`${base?.hash ?? ''}${canonicalJson(written)}`);
    return { hash, region, from: base?.from ?? LONG_AGO, to: base?.to, items };
  }
}

/** What a case brings itself; what it does not bring is the folder's. */
export interface CaseRules {
  readonly policy: Policy | undefined;
  readonly items: WrittenItems;
  readonly pair: CaseDocument['pair'];
  /** Diseases of the case's bills: all open unless the case or the folder's regions say otherwise. */
  readonly diseases: readonly string[];
}

/** The rulebook that a case is worked out by. */
export function createCaseRulebook(base: Rulebook, baseHasRegions: boolean, rules: CaseRules): Rulebook {
  const { policy, items, pair, diseases } = rules;
  const catalogues = new Map<string, Catalogue>();
  return {
    policyOn(region, scheme, on) {
      if (policy === undefined || policy.region !== region || policy.scheme !== scheme) {
        return base.policyOn(region, scheme, on);
      }
      return policy.from <= on && (policy.to === undefined || on <= policy.to) ? policy : undefined;
    },
    policyByHash: (hash) => (policy?.hash === hash ? policy : base.policyByHash(hash)),
    catalogueOn(region, on) {
      const own = base.catalogueOn(region, on);
      const key = own?.hash ?? region;
      const catalogue = catalogues.get(key) ?? items.over(own, region);
      if (catalogue !== undefined) catalogues.set(key, catalogue);
      return catalogue;
    },
    catalogueByHash: (hash) =>
      [...catalogues.values()].find((catalogue) => catalogue.hash === hash) ?? base.catalogueByHash(hash),
    pairOn(home, treatment, benefit, on): PairRules {
      if (pair === undefined && baseHasRegions) return base.pairOn(home, treatment, benefit, on);
      const { catalogueOf = 'home', zone = false, openDiseases = diseases } = pair ?? {};
      return { catalogueOf, zone: zone || home === treatment, openDiseases, provenance: 'illustrative' };
    },
  };
}
