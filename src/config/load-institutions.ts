import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Institution } from '../core/policy/institution.ts';
import { institutionGroup, level, readShape, text } from './shapes.ts';
import type { RuleError } from './rule-error.ts';
import type { Region } from './load-regions.ts';
import type { RulesSummary } from './load-rules.ts';
import { readYaml } from './yaml-file.ts';

export type InstitutionsResult =
  | { readonly ok: true; readonly institutions: readonly Institution[] }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const shape = z.strictObject({
  institutions: z.array(
    z.strictObject({
      id: z.string().regex(/^[HP]\d{11}$/, 'is not an institution code: H or P and eleven digits'),
      name: text,
      nameEn: text,
      region: text,
      level,
      kind: z.enum(['hospital', 'clinic', 'pharmacy']),
      groups: z.array(institutionGroup).default([]),
      mapping: z.record(z.string(), text).default({}),
    }),
  ),
});

/**
 * Loads `institutions/*.yaml`; every error of every file is reported at once. What own codes mean is checked against the
 * catalogues when they are given: some item of some region and time.
 */
export function loadInstitutions(
  configDir: string,
  regions: readonly Region[],
  catalogues?: RulesSummary['catalogues'],
): InstitutionsResult {
  const folder = join(configDir, 'institutions');
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .sort()
    : [];
  const institutions: Institution[] = [];
  const errors: RuleError[] = [];
  for (const name of names) {
    const yaml = readYaml(join(folder, name));
    const document = yaml.tree === undefined ? undefined : readShape(shape, yaml.tree, [], yaml.errors);
    document?.institutions.forEach(({ mapping, ...institution }, at) => {
      const { id, region } = institution;
      if (institutions.some((other) => other.id === id))
        yaml.errors.add(['institutions', at, 'id'], `${id} is there twice`);
      const known = regions.some(({ code }) => code === region);
      if (!known) yaml.errors.add(['institutions', at, 'region'], `no region has the code ${region}`);
      for (const [own, code] of Object.entries(mapping)) {
        const listed = catalogues?.some(({ catalogue }) => catalogue.items.has(code)) ?? true;
        if (!listed) yaml.errors.add(['institutions', at, 'mapping', own], `no catalogue has an item ${code}`);
      }
      institutions.push({ ...institution, mapping: new Map(Object.entries(mapping)) });
    });
    errors.push(...yaml.errors.found);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, institutions };
}
