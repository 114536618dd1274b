import { join } from 'node:path';
import { z } from 'zod';
import { GUIDE_SECTIONS, type Guide } from '../core/casework/guides.ts';
import { regionFiles } from './load-casework.ts';
import type { Region } from './load-regions.ts';
import { reportTwice, type RuleError } from './rule-error.ts';
import { provenance, readShape, text } from './shapes.ts';
import { readYaml } from './yaml-file.ts';

export type GuidesResult =
  | { readonly ok: true; readonly guides: ReadonlyMap<string, Guide> }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const id = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'is not an identifier: a small letter, then letters and digits');

const shape = z.strictObject({
  region: text,
  sections: z
    .array(
      z.strictObject({
        id: z.enum(GUIDE_SECTIONS),
        steps: z.array(z.strictObject({ id, zh: text, en: text, source: text, provenance })).min(1),
      }),
    )
    .min(1),
});

/** Loads `guides/<region>.yaml`; every error of every file is reported at once. */
export function loadGuides(configDir: string, regions: readonly Region[]): GuidesResult {
  const errors: RuleError[] = [];
  const guides = new Map<string, Guide>();
  for (const { region, file } of regionFiles(join(configDir, 'guides'), regions, errors)) {
    const yaml = readYaml(file);
    const document = yaml.tree === undefined ? undefined : readShape(shape, yaml.tree, [], yaml.errors);
    if (document !== undefined) {
      if (document.region !== region) yaml.errors.add(['region'], 'is not the region that the file is named after');
      const { sections } = document;
      reportTwice(
        sections.map((section) => section.id),
        (at) => ['sections', at, 'id'],
        yaml.errors,
      );
      sections.forEach(({ steps }, at) => {
        reportTwice(
          steps.map((step) => step.id),
          (index) => ['sections', at, 'steps', index, 'id'],
          yaml.errors,
        );
      });
      guides.set(region, { region, sections: new Map(sections.map((section) => [section.id, section.steps])) });
    }
    errors.push(...yaml.errors.found);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, guides };
}
