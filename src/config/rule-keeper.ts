import type { Catalogue } from '../core/policy/catalogue.ts';
import type { Policy } from '../core/policy/policy.ts';
import { readArchivedRules } from './archived-rules.ts';
import { loadConfig, type Config, type ConfigResult } from './load-config.ts';
import type { RuleText } from './load-rules.ts';
import { inFolder } from './rule-error.ts';
import { withHeldRules } from './rulebook.ts';

/** What the keeper needs from outside. */
export interface KeeperDeps {
  readonly configDir: string;
  /** Where rules are kept as text for ever. */
  readonly archive: {
    keep(rules: readonly RuleText[]): Promise<void>;
    others(hashes: readonly string[]): Promise<readonly RuleText[]>;
  };
  /** Told of archived rules that do not compile any more. */
  readonly onLeftOut: (rule: RuleText, reason: string) => void;
}

/** Holds the rules that bills are settled by, and replaces them as a whole. */
export interface RuleKeeper {
  /** Its rulebook knows by hash all that was ever in force here, or anywhere on the same database before the last load. */
  readonly current: Config;
  /**
   * Loads the config folder again, one reload after the other. With any error everything stays as it is; without, all of it
   * holds from the next bill on. Files in the errors are named by their place in the folder.
   *
   * @throws what the archive throws; everything stays as it is
   */
  reload(): Promise<ConfigResult>;
}

/** Puts a first config into force: archives its rules and reads back those that are not in it any more. */
export async function createRuleKeeper(deps: KeeperDeps, first: Config): Promise<RuleKeeper> {
  const { configDir, archive, onLeftOut } = deps;
  const policies = new Map<string, Policy>();
  const catalogues = new Map<string, Catalogue>();

  /** Compiled rules stay here, so that a reload compiles nothing twice. */
  function hold(rules: { policies: readonly Policy[]; catalogues: readonly Catalogue[] }): void {
    for (const policy of rules.policies) policies.set(policy.hash, policy);
    for (const catalogue of rules.catalogues) catalogues.set(catalogue.hash, catalogue);
  }

  /** Archived before it is in force: no bill may rest on rules that could be lost. */
  async function keep({ rules, ...others }: Config): Promise<Config> {
    await archive.keep(rules.texts);
    hold({
      policies: rules.summary.policies.map(({ policy }) => policy),
      catalogues: rules.summary.catalogues.map(({ catalogue }) => catalogue),
    });
    const archived = readArchivedRules(await archive.others([...policies.keys(), ...catalogues.keys()]));
    for (const { rule, reason } of archived.leftOut) onLeftOut(rule, reason);
    hold(archived);
    return { ...others, rules: { ...rules, rulebook: withHeldRules(rules.rulebook, { policies, catalogues }) } };
  }

  let current = await keep(first);

  async function loadAgain(): Promise<ConfigResult> {
    const loaded = loadConfig(configDir);
    if (!loaded.ok) return { ok: false, errors: loaded.errors.map((error) => inFolder(configDir, error)) };
    current = await keep(loaded.config);
    return { ok: true, config: current };
  }

  let turn: Promise<unknown> = Promise.resolve();
  return {
    get current() {
      return current;
    },
    reload() {
      const mine = turn.then(loadAgain);
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
