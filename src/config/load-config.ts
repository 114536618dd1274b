import type { ClearingCalendar } from '../core/policy/clearing-calendar.ts';
import type { Institution } from '../core/policy/institution.ts';
import { loadCalendar } from './load-calendar.ts';
import { loadInstitutions } from './load-institutions.ts';
import { loadRules, type RulesResult } from './load-rules.ts';
import type { RuleError } from './rule-error.ts';

/** All that a process takes from its config folder. */
export interface Config {
  readonly rules: Extract<RulesResult, { ok: true }>;
  readonly institutions: ReadonlyMap<string, Institution>;
  readonly calendar: ClearingCalendar;
}

export type ConfigResult =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly errors: readonly RuleError[] };

/** Loads rules, institutions and the calendar, all or nothing; a folder without any policy is refused too. */
export function loadConfig(configDir: string): ConfigResult {
  const rules = loadRules(configDir);
  if (!rules.ok) return rules;
  const { policies, catalogues } = rules.summary;
  if (policies.length === 0) {
    const reason = 'has no policies/<region>/<scheme>/*.yaml';
    return { ok: false, errors: [{ file: configDir, path: '', reason, line: undefined }] };
  }
  const loaded = loadInstitutions(configDir, rules.regions, catalogues);
  if (!loaded.ok) return loaded;
  const dates = loadCalendar(configDir);
  if (!dates.ok) return dates;
  const institutions = new Map(loaded.institutions.map((institution) => [institution.id, institution]));
  return { ok: true, config: { rules, institutions, calendar: dates.calendar } };
}
