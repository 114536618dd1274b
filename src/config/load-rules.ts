import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDate, previousDate } from '../core/calendar.ts';
import type { Catalogue } from '../core/policy/catalogue.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Provenance } from '../core/policy/parameter.ts';
import type { Rulebook } from '../core/policy/rulebook.ts';
import { checkTiling } from './check-dates.ts';
import { checkPolicy } from './check-policy.ts';
import { compilePolicy } from './compile-policy.ts';
import { canonicalJson, contentHash } from './content-hash.ts';
import { readCatalogue, type UndatedCatalogue } from './load-catalogue.ts';
import { compileRegions, NO_REGIONS, type Region, type RegionRules } from './load-regions.ts';
import { policySchema } from './policy-schema.ts';
import { FileErrors, type RuleError } from './rule-error.ts';
import { createRulebook } from './rulebook.ts';
import { readShape } from './shapes.ts';
import { readYaml, type YamlFile } from './yaml-file.ts';

/** Rules as text by the hash taken of it, so that a settlement can be recomputed when its rules are no longer in force. */
export interface RuleText {
  readonly hash: string;
  readonly kind: 'policy' | 'catalogue';
  readonly region: string;
  readonly content: string;
}

/** How much of a policy rests on what: values of law by provenance. */
export interface PolicySummary {
  readonly file: string;
  readonly policy: Policy;
  readonly values: Readonly<Record<Provenance, number>>;
}

export interface RulesSummary {
  readonly policies: readonly PolicySummary[];
  readonly catalogues: readonly { readonly file: string; readonly catalogue: Catalogue }[];
}

/** Nothing is half-loaded: there is a rulebook only where there is no error. */
export type RulesResult =
  | {
      readonly ok: true;
      readonly rulebook: Rulebook;
      readonly regions: readonly Region[];
      readonly texts: readonly RuleText[];
      readonly summary: RulesSummary;
    }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

interface LoadedPolicy {
  readonly file: string;
  readonly policy: Policy;
  readonly content: string;
  readonly errors: FileErrors;
}

interface LoadedCatalogue {
  readonly file: string;
  readonly catalogue: UndatedCatalogue;
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

function refuse(file: string, reason: string): RuleError {
  return { file, path: '', reason, line: undefined };
}

/** Compiles and checks one policy; undefined when its shape is wrong. */
export function readPolicy({ file, tree, errors }: YamlFile): LoadedPolicy | undefined {
  const document = tree === undefined ? undefined : readShape(policySchema.file, tree, [], errors);
  if (document === undefined) return undefined;
  const content = canonicalJson(tree);
  const compiled = compilePolicy(document, contentHash(content), errors);
  checkPolicy(document, compiled, errors);
  return { file, policy: compiled.policy, content, errors };
}

/** Files of one folder belong to it, have ids of their own, and follow each other in time. */
function checkFolder(region: string, scheme: string, policies: readonly LoadedPolicy[]): void {
  const sorted = policies.toSorted((left, right) => (left.policy.from < right.policy.from ? -1 : 1));
  for (const { policy, errors } of policies) {
    if (policy.region !== region) errors.add(['region'], `${policy.region} is not the folder's region ${region}`);
    if (policy.scheme !== scheme) errors.add(['scheme'], `${policy.scheme} is not the folder's scheme ${scheme}`);
    const twin = policies.find((other) => other.policy.id === policy.id);
    if (twin?.policy !== policy) errors.add(['id'], `${policy.id} is also the id of ${twin?.file ?? 'another file'}`);
  }
  checkTiling(
    sorted.map(({ policy }) => policy),
    undefined,
    (at, reason) => sorted[at]?.errors.add(['effective'], `${reason} (${sorted[at - 1]?.file ?? 'this file'})`),
  );
}

function loadPolicies(folder: string, regions: RegionRules, errors: RuleError[]): LoadedPolicy[] {
  const loaded: LoadedPolicy[] = [];
  for (const region of foldersIn(folder)) {
    if (regions !== NO_REGIONS && !regions.regions.some(({ code }) => code === region)) {
      errors.push(refuse(join(folder, region), `no region has the code ${region}`));
    }
    for (const scheme of foldersIn(join(folder, region))) {
      const schemeFolder = join(folder, region, scheme);
      const read = namesIn(schemeFolder).map((name) => {
        const file = join(schemeFolder, name);
        if (!name.endsWith('.yaml')) {
          errors.push(refuse(file, 'is not a policy: its name does not end in .yaml'));
          return undefined;
        }
        const yaml = readYaml(file);
        return { yaml, policy: readPolicy(yaml) };
      });
      const files = read.filter((entry) => entry !== undefined);
      const policies = files.flatMap(({ policy }) => policy ?? []);
      // A file of the wrong shape would only look like a gap.
      if (policies.length === files.length) checkFolder(region, scheme, policies);
      errors.push(...files.flatMap(({ yaml }) => yaml.errors.found));
      loaded.push(...policies);
    }
  }
  return loaded;
}

function loadCatalogues(folder: string, regions: RegionRules, errors: RuleError[]): LoadedCatalogue[] {
  return foldersIn(folder).flatMap((region) => {
    if (regions !== NO_REGIONS && !regions.regions.some(({ code }) => code === region)) {
      errors.push(refuse(join(folder, region), `no region has the code ${region}`));
    }
    return namesIn(join(folder, region)).flatMap((name) => {
      const file = join(folder, region, name);
      const from = name.replace(/\.csv$/, '');
      if (!name.endsWith('.csv') || !isDate(from)) {
        errors.push(refuse(file, 'is not a catalogue: its name is not <first day>.csv'));
        return [];
      }
      const fileErrors = new FileErrors(file);
      const catalogue = readCatalogue(file, region, from, fileErrors);
      errors.push(...fileErrors.found);
      return [{ file, catalogue }];
    });
  });
}

/** Every catalogue lasts until its successor of the same region begins. */
function dateCatalogues(loaded: readonly LoadedCatalogue[]): { file: string; catalogue: Catalogue }[] {
  return loaded.map(({ file, catalogue: { hash, region, from, items } }) => {
    const later = loaded.filter(({ catalogue }) => catalogue.region === region && catalogue.from > from);
    const [next] = later.map(({ catalogue }) => catalogue.from).sort();
    return { file, catalogue: { hash, region, from, items, to: next === undefined ? undefined : previousDate(next) } };
  });
}

function summaryOf({ file, policy }: LoadedPolicy): PolicySummary {
  const values: Record<Provenance, number> = { sourced: 0, memory: 0, illustrative: 0 };
  for (const { provenance } of policy.rows) values[provenance] += 1;
  return { file, policy, values };
}

function loadRegions(folder: string, errors: RuleError[]): RegionRules {
  const file = join(folder, 'regions', 'regions.yaml');
  if (!existsSync(file)) return NO_REGIONS;
  const yaml = readYaml(file);
  const rules = compileRegions(yaml);
  errors.push(...yaml.errors.found);
  return rules ?? NO_REGIONS;
}

/**
 * Loads regions, policies and catalogues. Every error of every file is reported at once; the sense of a file is checked once
 * its shape is right. A folder of cases may do without regions.
 */
export function loadRules(configDir: string): RulesResult {
  const errors: RuleError[] = [];
  const regions = loadRegions(configDir, errors);
  const policies = loadPolicies(join(configDir, 'policies'), regions, errors);
  const undated = loadCatalogues(join(configDir, 'catalogues'), regions, errors);
  if (errors.length > 0) return { ok: false, errors };

  const catalogues = dateCatalogues(undated);
  return {
    ok: true,
    rulebook: createRulebook({
      policies: policies.map(({ policy }) => policy),
      catalogues: catalogues.map(({ catalogue }) => catalogue),
      regions,
    }),
    regions: regions.regions,
    texts: [
      ...policies.map(({ policy: { hash, region }, content }): RuleText => ({ hash, kind: 'policy', region, content })),
      ...undated.map(({ catalogue: { hash, region, content } }): RuleText => ({
        hash,
        kind: 'catalogue',
        region,
        content,
      })),
    ],
    summary: { policies: policies.map(summaryOf), catalogues },
  };
}
