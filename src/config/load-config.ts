import type { Guide } from '../core/casework/guides.ts';
import type { HandlingRules } from '../core/casework/handling-rules.ts';
import type { ClearingCalendar } from '../core/policy/clearing-calendar.ts';
import type { FundTerms } from '../core/policy/fund-terms.ts';
import type { Institution } from '../core/policy/institution.ts';
import { PLAIN_WEEKS } from '../core/working-days.ts';
import { loadCalendar } from './load-calendar.ts';
import { loadCasework } from './load-casework.ts';
import { loadGuides } from './load-guides.ts';
import { loadInstitutions } from './load-institutions.ts';
import { loadPartners } from './load-partners.ts';
import { loadRules, type RulesResult } from './load-rules.ts';
import type { RuleError } from './rule-error.ts';

/** All that a process takes from its config folder. */
export interface Config {
  readonly rules: Extract<RulesResult, { ok: true }>;
  readonly institutions: ReadonlyMap<string, Institution>;
  readonly calendar: ClearingCalendar;
  /** What each county wants to see of a case, and until when. */
  readonly handling: HandlingRules;
  readonly guides: ReadonlyMap<string, Guide>;
  /** Terms of the counties' funds, by region. */
  readonly partners: ReadonlyMap<string, FundTerms>;
}

export type ConfigResult =
  { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly errors: readonly RuleError[] };

/** Loads rules, institutions, casework, guides and the calendar, all or nothing; a folder without any policy is refused too. */
export function loadConfig(configDir: string): ConfigResult {
  const rules = loadRules(configDir);
  if (!rules.ok) return rules;
  const { policies, catalogues } = rules.summary;
  if (policies.length === 0) {
    const reason = 'has no policies/<region>/<scheme>/*.yaml';
    return { ok: false, errors: [{ file: configDir, path: '', reason, line: undefined }] };
  }
  const loaded = loadInstitutions(configDir, rules.regions, catalogues);
  const casework = loadCasework(configDir, rules.regions);
  const guided = loadGuides(configDir, rules.regions);
  const dates = loadCalendar(configDir, casework.ok ? casework.handling.calendar : PLAIN_WEEKS);
  if (!loaded.ok || !casework.ok || !guided.ok || !dates.ok) {
    return { ok: false, errors: [loaded, casework, guided, dates].flatMap((part) => (part.ok ? [] : part.errors)) };
  }
  const institutions = new Map(loaded.institutions.map((institution) => [institution.id, institution]));
  const terms = loadPartners(configDir, rules.regions);
  if (!terms.ok) return terms;
  const { handling } = casework;
  const beside = { handling, guides: guided.guides, partners: terms.partners, calendar: dates.calendar };
  return { ok: true, config: { rules, institutions, ...beside } };
}
