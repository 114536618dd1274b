import { z } from 'zod';
import * as f from './fields.ts';

export const jobRun = z.object({
  runId: z.string(),
  name: z.string(),
  holder: z.string().meta({ description: 'machine and process' }),
  token: z.number().int().meta({ description: 'of the lease; rises with every holder' }),
  state: z.enum(['running', 'done', 'failed', 'interrupted']),
  startedAt: f.instant,
  reportedAt: f.instant.meta({ description: 'when it was last heard of' }),
  endedAt: f.instant.optional(),
  step: z.string().optional().meta({ description: 'what it is at, or was last at' }),
  businessDate: f.date.optional(),
  done: z.number().int().optional(),
  total: z.number().int().optional(),
  outcome: z.record(z.string(), z.unknown()).optional().meta({ description: 'the result, or code and message' }),
});
export type JobRunView = z.infer<typeof jobRun>;

export const jobList = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      schedule: z.string(),
      due: z.array(f.date).meta({
        description: 'oldest first: business days before clearing, days on which steps of the calendar were due',
      }),
      steps: z
        .array(
          z.object({
            step: z.enum(['notices', 'payments', 'resizing', 'liquidation']),
            month: f.month.optional().meta({ description: 'that notices or payments are for' }),
            year: z.number().int().optional().meta({ description: 'that resizing or liquidation is for' }),
            since: f.date.meta({ description: 'the day on which it was due' }),
            pairs: z
              .array(z.object({ homeRegion: f.region, treatmentRegion: f.region }))
              .optional()
              .meta({ description: 'whose prefund is not resized yet' }),
          }),
        )
        .optional()
        .meta({ description: 'what the calendar has before it, oldest first' }),
    }),
  ),
  runs: z.array(jobRun).meta({ description: 'newest first' }),
});
export type JobListView = z.infer<typeof jobList>;

export const startRunRequest = z.strictObject({
  businessDate: f.date
    .optional()
    .meta({ description: 'the last business day to clear, today at most; whatever is due when absent' }),
});
export type StartRunRequest = z.infer<typeof startRunRequest>;
export const startRunAnswer = z.object({ runId: z.string() });
export type StartRunAnswer = z.infer<typeof startRunAnswer>;
