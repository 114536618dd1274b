import { z } from 'zod';
import type { DateText } from '../core/calendar.ts';
import type { Provenance } from '../core/policy/parameter.ts';
import type { BenefitKind } from '../core/policy/terms.ts';
import { checkTiling } from './check-dates.ts';
import { benefitKind, date, provenance, readShape, text } from './shapes.ts';
import { reportTwice, type FileErrors } from './rule-error.ts';
import type { YamlFile } from './yaml-file.ts';

/** A county that takes part. */
export interface Region {
  readonly code: string;
  readonly name: string;
  readonly nameEn: string;
  readonly province: string;
  /** Region codes on the wire that mean this county begin with one of these. */
  readonly prefixes: readonly string[];
  readonly fund: { readonly name: string; readonly nameEn: string };
}

interface Dated {
  readonly from: DateText;
  readonly to?: DateText | undefined;
  readonly source: string;
  readonly provenance: Provenance;
}

/** Regions inside which some kinds of bill need no filing and are not adjusted. */
export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly members: readonly string[];
  readonly open: readonly (Dated & { readonly benefits: readonly BenefitKind[] })[];
}

/** What holds between two regions; `any` stands for every region. */
export interface Pair {
  readonly home: string;
  readonly treatment: string;
  readonly catalogueOf: readonly (Dated & { readonly value: 'home' | 'treatment' })[];
  readonly openDiseases: readonly (Dated & { readonly value: readonly string[] })[];
}

export interface RegionRules {
  readonly regions: readonly Region[];
  readonly zones: readonly Zone[];
  readonly pairs: readonly Pair[];
}

export const NO_REGIONS: RegionRules = { regions: [], zones: [], pairs: [] };

const dated = { from: date, to: date.optional(), source: text, provenance, note: text.optional() };
const prefix = z.string().regex(/^\d{2,6}$/, 'is not the beginning of a region code');

const shape = z.strictObject({
  regions: z
    .array(
      z.strictObject({
        code: z.string().regex(/^\d{6}$/, 'is not a region code of six digits'),
        name: text,
        nameEn: text,
        province: text,
        prefixes: z.array(prefix).min(1),
        fund: z.strictObject({ name: text, nameEn: text }),
      }),
    )
    .min(1),
  zones: z
    .array(
      z.strictObject({
        id: text,
        name: text,
        members: z.array(text).min(2),
        open: z.array(z.strictObject({ benefits: z.array(benefitKind).min(1), ...dated })).min(1),
      }),
    )
    .default([]),
  pairs: z
    .array(
      z.strictObject({
        home: text,
        treatment: text,
        catalogueOf: z.array(z.strictObject({ value: z.enum(['home', 'treatment']), ...dated })).min(1),
        openDiseases: z.array(z.strictObject({ value: z.array(text), ...dated })).default([]),
      }),
    )
    .default([]),
});

function checkRegions({ regions, zones, pairs }: RegionRules, errors: FileErrors): void {
  const codes = regions.map(({ code }) => code);
  reportTwice(codes, (at) => ['regions', at, 'code'], errors);
  reportTwice(
    zones.map(({ id }) => id),
    (at) => ['zones', at, 'id'],
    errors,
  );
  regions.forEach(({ prefixes }, at) => {
    prefixes.forEach((own, index) => {
      const other = regions.find((region, otherAt) => otherAt < at && region.prefixes.includes(own));
      if (other !== undefined)
        errors.add(['regions', at, 'prefixes', index], `${own} is already a prefix of ${other.code}`);
    });
  });
  zones.forEach(({ members }, at) => {
    members.forEach((member, index) => {
      if (!codes.includes(member)) errors.add(['zones', at, 'members', index], `no region has the code ${member}`);
    });
  });
  pairs.forEach((pair, at) => {
    for (const side of ['home', 'treatment'] as const) {
      const code = pair[side];
      if (code !== 'any' && !codes.includes(code)) errors.add(['pairs', at, side], `no region has the code ${code}`);
    }
    for (const key of ['catalogueOf', 'openDiseases'] as const) {
      checkTiling(pair[key], undefined, (index, reason) => errors.add(['pairs', at, key, index], reason));
    }
  });
}

/** Reads regions, zones and pairs; undefined when the shape is wrong. What is wrong is added to the file's errors. */
export function compileRegions({ tree, errors }: YamlFile): RegionRules | undefined {
  const rules = tree === undefined ? undefined : readShape<RegionRules>(shape, tree, [], errors);
  if (rules !== undefined) checkRegions(rules, errors);
  return rules;
}
