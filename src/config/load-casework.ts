import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ChecklistItem, CountyHandling, Deadline, HandlingRules } from '../core/casework/handling-rules.ts';
import { CASE_REASONS, type CaseReason } from '../core/casework/terms.ts';
import { actingSide, CASE_STATES, type CaseState } from '../core/lifecycle/case-states.ts';
import type { Region } from './load-regions.ts';
import { reportTwice, type FileErrors, type RuleError } from './rule-error.ts';
import { count, flag, provenance, readBy, readShape, text } from './shapes.ts';
import { loadWorkingDays } from './load-working-days.ts';
import { readYaml } from './yaml-file.ts';

export type CaseworkResult =
  | { readonly ok: true; readonly handling: HandlingRules }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const id = z
  .string()
  .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'is not an identifier: a small letter, then letters and digits');
const daysBefore = readBy((value) => (/^\d{1,2}$/.test(value) ? Number(value) : undefined), 'is not 0 to 99 days');

const shape = z.strictObject({
  region: text,
  checklists: z
    .array(
      z.strictObject({
        reasons: z.array(z.enum(CASE_REASONS)).min(1),
        items: z
          .array(
            z.strictObject({ id, name: text, nameEn: text, required: flag, toVerify: flag, source: text, provenance }),
          )
          .min(1),
      }),
    )
    .min(1),
  deadlines: z.array(
    z.strictObject({
      state: z.enum(CASE_STATES),
      workingDays: count,
      remindBefore: daysBefore,
      source: text,
      provenance,
    }),
  ),
});

type Handling = z.output<typeof shape>;

function checkHandling({ checklists, deadlines }: Handling, errors: FileErrors): void {
  const reasons = checklists.flatMap((list) => list.reasons);
  for (const reason of CASE_REASONS) {
    if (!reasons.includes(reason)) errors.add(['checklists'], `none is for ${reason}`);
    else if (reasons.indexOf(reason) !== reasons.lastIndexOf(reason)) {
      errors.add(['checklists'], `more than one is for ${reason}`);
    }
  }
  checklists.forEach(({ items }, at) => {
    reportTwice(
      items.map((item) => item.id),
      (index) => ['checklists', at, 'items', index, 'id'],
      errors,
    );
  });
  reportTwice(
    deadlines.map(({ state }) => state),
    (at) => ['deadlines', at, 'state'],
    errors,
  );
  deadlines.forEach(({ state, workingDays, remindBefore }, at) => {
    // A grant of nothing aside: whether somebody's turn it is hangs on the state alone.
    if (actingSide({ state, form: 'collectedOnBehalf', granted: 1 }) === undefined) {
      errors.add(['deadlines', at, 'state'], `nobody has anything to do in a case that is ${state}`);
    }
    if (remindBefore > workingDays) errors.add(['deadlines', at, 'remindBefore'], 'is more than workingDays');
  });
}

function handlingOf({ region, checklists, deadlines }: Handling): CountyHandling {
  return {
    region,
    checklists: new Map(
      checklists.flatMap(({ reasons, items }) =>
        reasons.map((reason): [CaseReason, readonly ChecklistItem[]] => [reason, items]),
      ),
    ),
    deadlines: new Map(deadlines.map((deadline): [CaseState, Deadline] => [deadline.state, deadline])),
  };
}

/** The region files of a folder by name; a file that is no region's is an error. */
export function regionFiles(
  folder: string,
  regions: readonly Region[],
  errors: RuleError[],
): { readonly region: string; readonly file: string }[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.flatMap((name) => {
    const region = name.replace(/\.yaml$/, '');
    const file = join(folder, name);
    if (name.endsWith('.yaml') && regions.some(({ code }) => code === region)) return [{ region, file }];
    errors.push({ file, path: '', reason: 'is not <region>.yaml of a region that there is', line: undefined });
    return [];
  });
}

/**
 * Loads `casework/<region>.yaml` and the working days; every error of every file is reported at once. A county
 * without a file wants no materials and sets no limits.
 */
export function loadCasework(configDir: string, regions: readonly Region[]): CaseworkResult {
  const folder = join(configDir, 'casework');
  const errors: RuleError[] = [];
  const calendar = loadWorkingDays(configDir, errors);
  const counties = new Map<string, CountyHandling>();
  for (const { region, file } of regionFiles(folder, regions, errors)) {
    const yaml = readYaml(file);
    const document = yaml.tree === undefined ? undefined : readShape(shape, yaml.tree, [], yaml.errors);
    if (document !== undefined) {
      if (document.region !== region) yaml.errors.add(['region'], `is not the region that the file is named after`);
      checkHandling(document, yaml.errors);
      counties.set(region, handlingOf(document));
    }
    errors.push(...yaml.errors.found);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, handling: { counties, calendar } };
}
