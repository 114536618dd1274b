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
        .array(z.object({ step: z.enum(['notices', 'payments']), month: f.month, since: f.date }))
        .optional()
        .meta({ description: 'what the calendar has before it, month by month' }),
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
