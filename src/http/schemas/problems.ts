import { z } from 'zod';
import * as f from './fields.ts';

/** RFC 9457 problem document. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string().meta({ description: 'stable code of the error or rejection' }),
  detail: z.string(),
  help: z.string().optional().meta({ description: 'what the caller can do about it' }),
  retryable: z.boolean().meta({ description: 'whether the same request may succeed later' }),
  traceId: z.string(),
  fields: z
    .array(z.object({ field: z.string(), problem: z.string() }))
    .optional()
    .meta({ description: 'every field that is wrong, by its path, such as `lines[3].price`' }),
});
export type Problem = z.infer<typeof problem>;

/** 409 BILL_CONFLICT: other content under the same bill number, or the bill is settled under another request key. */
export const billConflict = problem.extend({
  settlementId: f.settlementId,
  contentHash: z.string().meta({ description: 'of what was sent now' }),
  settledContentHash: z.string().meta({ description: 'of what was settled' }),
});

export type BillConflict = z.infer<typeof billConflict>;

/** 409 LATER_BILLS_DEPEND: bills that would come out differently without the one to be reversed. */
export const laterBillsDepend = problem.extend({
  dependents: z.array(
    z.object({
      settlementId: f.settlementId,
      institutionId: f.institutionId,
      billNumber: z.string().meta({ description: "masked where the bill is another institution's" }),
      visitDate: f.date,
      fundTotal: f.money,
      personTotal: f.money,
      wouldBe: z
        .object({ fundTotal: f.money, personTotal: f.money })
        .optional()
        .meta({ description: 'none where the bill would be rejected' }),
    }),
  ),
});

export type LaterBillsDepend = z.infer<typeof laterBillsDepend>;

/** 409 REVERSAL_CONFLICT: the settlement is reversed already, for another reason. */
export const reversalConflict = problem.extend({
  reversalId: f.settlementId,
  contentHash: z.string(),
  reversedContentHash: z.string(),
});

/** 422 RULES_REFUSED: what keeps the files from being used; nothing was taken from any of them. */
export const rulesRefused = problem.extend({
  errors: z.array(
    z.object({
      file: z.string().meta({ description: 'by its place in the folder of rules' }),
      path: z.string().meta({ description: 'inside the file; empty for the file itself' }),
      reason: z.string(),
      line: z.number().int().optional(),
    }),
  ),
});

export type RulesRefused = z.infer<typeof rulesRefused>;

export const reversalRefused = z.union([laterBillsDepend, reversalConflict, problem]);
