import { benchAdjudicate } from './adjudicate.ts';
import { benchClear } from './clear.ts';
import { benchOutbox } from './drain-outbox.ts';
import { benchImport } from './import-catalogue.ts';
import { benchMemory } from './memory.ts';
import { benchPartners } from './partners.ts';
import { benchQuote } from './quote.ts';
import { benchReconcile } from './reconcile.ts';
import type { Scenario } from './scenario.ts';
import { benchSettle } from './settle.ts';
import { benchStart } from './start.ts';

/** All there is to measure, in the order in which it is measured when nothing is named. One more is one more line. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  settle: benchSettle,
  quote: benchQuote,
  adjudicate: benchAdjudicate,
  clear: benchClear,
  reconcile: benchReconcile,
  import: benchImport,
  partners: benchPartners,
  outbox: benchOutbox,
  start: benchStart,
  memory: benchMemory,
};

/**
 * The scenarios to run.
 *
 * @throws Error naming what is none
 */
export function chooseScenarios(names: readonly string[]): [name: string, scenario: Scenario][] {
  const chosen = names.length === 0 ? Object.keys(SCENARIOS) : [...new Set(names)];
  return chosen.map((name) => {
    const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
    if (scenario === undefined) throw new Error(`${name} is no scenario: ${Object.keys(SCENARIOS).join(', ')}`);
    return [name, scenario];
  });
}
