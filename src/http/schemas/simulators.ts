import { z } from 'zod';

/** How a simulated fund system misbehaves; what is not named works. */
export const fundFaults = z.strictObject({
  latencyMs: z.number().int().min(0).max(600_000).default(0).meta({ description: 'before each answer' }),
  errorRate: z.number().min(0).max(1).default(0).meta({ description: 'share of requests answered with 500' }),
  silent: z.boolean().default(false).meta({ description: 'takes the request, does it, and never answers' }),
  duplicate: z.boolean().default(false).meta({ description: 'every event and person comes twice' }),
  outOfOrder: z.boolean().default(false).meta({ description: 'events of a page come in no order' }),
  wrongAnswer: z
    .enum(['none', 'html', 'errorInside', 'huge'])
    .default('none')
    .meta({ description: 'a page of HTML, 200 with an error inside, or 100 MB, instead of the answer' }),
  down: z.boolean().default(false).meta({ description: 'hangs up, as a machine that is switched off' }),
});
export type FundFaults = z.output<typeof fundFaults>;
export type FundFaultsInput = z.input<typeof fundFaults>;
