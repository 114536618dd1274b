import { z } from 'zod';
import * as f from './fields.ts';

const hash = z.string().meta({ description: 'of the content; a settlement names its policy and catalogues by it' });
const days = { from: f.date, to: f.date.optional() };

export const rulesAnswer = z.object({
  policies: z.array(
    z.object({
      region: f.region,
      scheme: f.scheme,
      id: z.string(),
      ...days,
      hash,
      values: z
        .record(f.provenance, z.number().int())
        .meta({ description: 'how many values of law are taken from what' }),
    }),
  ),
  catalogues: z.array(z.object({ region: f.region, ...days, hash, items: z.number().int() })),
});
export type RulesAnswer = z.infer<typeof rulesAnswer>;
