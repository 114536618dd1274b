import type { DateText } from '../core/calendar.ts';
import type { Catalogue } from '../core/policy/catalogue.ts';
import { weakestProvenance, type Policy } from '../core/policy/policy.ts';
import { inForce, type PairRules, type Rulebook } from '../core/policy/rulebook.ts';
import type { BenefitKind } from '../core/policy/terms.ts';
import type { RegionRules, Zone } from './load-regions.ts';

/** Rules that passed every check; versions of one region (and scheme) do not overlap. */
export interface LoadedRules {
  readonly policies: readonly Policy[];
  readonly catalogues: readonly Catalogue[];
  readonly regions: RegionRules;
}

interface Span {
  readonly from: DateText;
  readonly to?: DateText | undefined;
}

function covers({ from, to }: Span, on: DateText): boolean {
  return from <= on && (to === undefined || on <= to);
}

type Opening = Zone['open'][number];

function openingOf(
  zones: readonly Zone[],
  home: string,
  treatment: string,
  benefit: BenefitKind,
  on: DateText,
): Opening | undefined {
  for (const { members, open } of zones) {
    if (!members.includes(home) || !members.includes(treatment)) continue;
    const opening = open.find((one) => one.benefits.includes(benefit) && covers(one, on));
    if (opening !== undefined) return opening;
  }
  return undefined;
}

/** At home there is nothing to agree. */
const AT_HOME: PairRules = { catalogueOf: 'home', zone: true, openDiseases: [], provenance: 'sourced' };

/** Rules that may be out of force, by hash. */
export interface HeldRules {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly catalogues: ReadonlyMap<string, Catalogue>;
}

/** A rulebook that knows further rules by their hash; what is in force on a day stays as it is. */
export function withHeldRules(rulebook: Rulebook, { policies, catalogues }: HeldRules): Rulebook {
  return {
    ...rulebook,
    policyByHash: (hash) => rulebook.policyByHash(hash) ?? policies.get(hash),
    catalogueByHash: (hash) => rulebook.catalogueByHash(hash) ?? catalogues.get(hash),
  };
}

/** Builds the rulebook. Each look-up is a map access and a walk over the few versions of one key. */
export function createRulebook({ policies, catalogues, regions }: LoadedRules): Rulebook {
  const policiesByKey = Map.groupBy(policies, ({ region, scheme }) => `${region}/${scheme}`);
  const policiesByHash = new Map(policies.map((policy) => [policy.hash, policy]));
  const cataloguesByRegion = Map.groupBy(catalogues, ({ region }) => region);
  const cataloguesByHash = new Map(catalogues.map((catalogue) => [catalogue.hash, catalogue]));
  const { pairs, zones } = regions;
  return {
    policyOn: (region, scheme, on) => inForce(policiesByKey.get(`${region}/${scheme}`) ?? [], on),
    policyByHash: (hash) => policiesByHash.get(hash),
    catalogueOn: (region, on) => inForce(cataloguesByRegion.get(region) ?? [], on),
    catalogueByHash: (hash) => cataloguesByHash.get(hash),
    pairOn(home, treatment, benefit, on): PairRules {
      if (home === treatment) return AT_HOME;
      const pair = pairs.find(
        (candidate) =>
          (candidate.home === 'any' || candidate.home === home) &&
          (candidate.treatment === 'any' || candidate.treatment === treatment),
      );
      const catalogueOf = pair?.catalogueOf.find((entry) => covers(entry, on));
      const openDiseases = pair?.openDiseases.find((entry) => covers(entry, on));
      const opening = openingOf(zones, home, treatment, benefit, on);
      return {
        catalogueOf: catalogueOf?.value ?? 'home',
        zone: opening !== undefined,
        openDiseases: openDiseases?.value ?? [],
        provenance: weakestProvenance([
          catalogueOf?.provenance ?? 'illustrative',
          opening?.provenance ?? 'sourced',
          (benefit === 'specialDisease' ? openDiseases?.provenance : undefined) ?? 'sourced',
        ]),
      };
    },
  };
}
