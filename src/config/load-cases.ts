import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { WorkedCase } from '../core/policy/worked-case.ts';
import { buildCase, namesPolicy, type CaseGround } from './build-case.ts';
import { caseSchema, type CaseDocument } from './case-schema.ts';
import { loadRules } from './load-rules.ts';
import { NO_REGIONS } from './load-regions.ts';
import type { FileErrors, RuleError } from './rule-error.ts';
import { createRulebook } from './rulebook.ts';
import { readShape } from './shapes.ts';
import { readYaml } from './yaml-file.ts';

export type CasesResult =
  | { readonly ok: true; readonly cases: readonly WorkedCase[] }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const NOTHING: CaseGround = {
  rulebook: createRulebook({ policies: [], catalogues: [], regions: NO_REGIONS }),
  hasRegions: false,
};

/** The folder, or the nearest above it, that has policies or catalogues. */
function rulesFolderOf(folder: string): string | undefined {
  if (existsSync(join(folder, 'policies')) || existsSync(join(folder, 'catalogues'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : rulesFolderOf(above);
}

/** Loads the rules of each folder once. */
class Grounds {
  readonly #loaded = new Map<string, CaseGround>();
  readonly #configDir: string | undefined;
  readonly #errors: RuleError[];

  constructor(configDir: string | undefined, errors: RuleError[]) {
    this.#configDir = configDir;
    this.#errors = errors;
  }

  /** What a case of a folder stands on. One that writes its policy out has nothing to look for in the configuration. */
  of(folder: string, document: CaseDocument): CaseGround {
    const rulesFolder = rulesFolderOf(resolve(folder)) ?? (namesPolicy(document) ? this.#configDir : undefined);
    return rulesFolder === undefined ? NOTHING : this.#load(resolve(rulesFolder));
  }

  #load(rulesFolder: string): CaseGround {
    const known = this.#loaded.get(rulesFolder);
    if (known !== undefined) return known;
    const rules = loadRules(relative(process.cwd(), rulesFolder) || '.');
    const ground = rules.ok ? { rulebook: rules.rulebook, hasRegions: rules.regions.length > 0 } : NOTHING;
    if (!rules.ok) this.#errors.push(...rules.errors);
    this.#loaded.set(rulesFolder, ground);
    return ground;
  }
}

function caseFilesIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return names
    .filter((name) => name.endsWith('.case.yaml'))
    .sort()
    .map((name) => join(folder, name));
}

function buildFile(file: string, tree: unknown, errors: FileErrors, grounds: Grounds): WorkedCase[] {
  const several = typeof tree === 'object' && tree !== null && 'cases' in tree ? tree.cases : undefined;
  if (several !== undefined && !Array.isArray(several)) {
    errors.add(['cases'], 'must be a list');
    return [];
  }
  if (several !== undefined && typeof tree === 'object' && tree !== null) {
    for (const key of Object.keys(tree)) if (key !== 'cases') errors.add([key], 'unknown key');
  }
  const trees: unknown[] = several ?? [tree];
  return trees.flatMap((one, at) => {
    const own = several === undefined ? errors : errors.under(['cases', at]);
    const document = readShape(caseSchema, one, [], own);
    return (document && buildCase(file, document, grounds.of(dirname(file), document), own)) ?? [];
  });
}

/**
 * Loads every `*.case.yaml` below a folder; every problem of every file is reported at once, and then no case is run.
 * Cases that name a policy without rules beside or above them take those of `configDir`.
 */
export function loadCases(folder: string, configDir?: string): CasesResult {
  const errors: RuleError[] = [];
  const grounds = new Grounds(configDir, errors);
  const cases: WorkedCase[] = [];
  const files = caseFilesIn(folder);
  if (files.length === 0)
    errors.push({ file: folder, path: '', reason: 'has no *.case.yaml below it', line: undefined });
  for (const file of files) {
    const yaml = readYaml(file);
    if (yaml.tree !== undefined) cases.push(...buildFile(file, yaml.tree, yaml.errors, grounds));
    errors.push(...yaml.errors.found);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, cases };
}
