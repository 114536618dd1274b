import { resolve } from 'node:path';
import { buildSample, type Sample, type SampleGround } from '../../src/cli/sample/sample-build.ts';
import { loadInstitutions } from '../../src/config/load-institutions.ts';
import { loadRules } from '../../src/config/load-rules.ts';

/** The repository's own configuration. */
export const CONFIG_DIR = resolve(import.meta.dirname, '../../config');

/** The rules of the repository as a sample needs them; throws their errors. */
export function sampleGround(): SampleGround {
  const rules = loadRules(CONFIG_DIR);
  if (!rules.ok) throw new Error(JSON.stringify(rules.errors));
  const loaded = loadInstitutions(CONFIG_DIR, rules.regions);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return {
    configDir: CONFIG_DIR,
    rulebook: rules.rulebook,
    regions: rules.regions,
    institutions: loaded.institutions,
  };
}

/** The sample of a day, out of the repository's own configuration. */
export function sampleOf(day: string, ground = sampleGround()): Sample {
  return buildSample(ground, day);
}
