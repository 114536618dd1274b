import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FundTerms } from '../core/policy/fund-terms.ts';
import type { Region } from './load-regions.ts';
import type { RuleError } from './rule-error.ts';
import { fen, flag, provenance, readBy, readShape, text } from './shapes.ts';
import { readYaml } from './yaml-file.ts';

export type PartnersResult =
  | { readonly ok: true; readonly partners: ReadonlyMap<string, FundTerms> }
  | { readonly ok: false; readonly errors: readonly RuleError[] };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(value: string): number | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})(ms|s|min|h|d)$/.exec(value) ?? [];
  const unitMs = UNITS[unit];
  return unitMs === undefined ? undefined : Number(count) * unitMs;
}

const duration = readBy(durationMs, 'is not a duration such as 800ms, 30s, 15min, 24h or 7d');

function sourced<T>(value: z.ZodType<T>) {
  return z.strictObject({ value, source: text, provenance });
}

const shape = z.strictObject({
  region: text,
  freshEligibility: sourced(flag),
  copyAgeMax: sourced(duration),
  deadline: sourced(duration),
  standIn: z.strictObject({
    amountMax: sourced(fen),
    copyAgeMax: sourced(duration),
    exposurePerDayMax: sourced(fen),
  }),
  confirmWithin: sourced(duration),
});

/** A deadline beyond this is no deadline for somebody who stands at a counter. */
const DEADLINE_MAX_MS = 10_000;

/** Loads `partners/*.yaml`, the terms of each county's fund; every error of every file is reported at once. */
export function loadPartners(configDir: string, regions: readonly Region[]): PartnersResult {
  const folder = join(configDir, 'partners');
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const partners = new Map<string, FundTerms>();
  const errors: RuleError[] = [];
  for (const name of files.filter((file) => file.endsWith('.yaml'))) {
    const yaml = readYaml(join(folder, name));
    const read = yaml.tree === undefined ? undefined : readShape(shape, yaml.tree, [], yaml.errors);
    if (read !== undefined) {
      const { region, standIn } = read;
      if (partners.has(region)) yaml.errors.add(['region'], `${region} has its terms in another file already`);
      if (!regions.some(({ code }) => code === region)) yaml.errors.add(['region'], `no region has the code ${region}`);
      if (read.deadline.value > DEADLINE_MAX_MS) yaml.errors.add(['deadline', 'value'], 'is more than 10s');
      if (standIn.copyAgeMax.value < read.copyAgeMax.value) {
        yaml.errors.add(['standIn', 'copyAgeMax', 'value'], 'is less than copyAgeMax: nothing could be settled');
      }
      partners.set(region, {
        region,
        freshEligibility: read.freshEligibility.value,
        copyAgeMaxMs: read.copyAgeMax.value,
        deadlineMs: read.deadline.value,
        standIn: {
          amountMax: standIn.amountMax.value,
          copyAgeMaxMs: standIn.copyAgeMax.value,
          exposurePerDayMax: standIn.exposurePerDayMax.value,
        },
        confirmWithinMs: read.confirmWithin.value,
      });
    }
    errors.push(...yaml.errors.found);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, partners };
}
