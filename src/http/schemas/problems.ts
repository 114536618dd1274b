import { z } from 'zod';

/** RFC 9457 problem document. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string().meta({ description: 'stable code of the error or rejection' }),
  detail: z.string(),
  help: z.string().optional(),
  retryable: z.boolean(),
  traceId: z.string(),
  fields: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
}).loose();
