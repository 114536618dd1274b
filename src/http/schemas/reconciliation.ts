import { z } from 'zod';
import { CORRECTION_ACTIONS } from '../../core/reconcile/correction.ts';
import { DIFFERENCE_CLASSES } from '../../core/reconcile/rows.ts';
import * as f from './fields.ts';

const limit = z
  .string()
  .regex(/^([1-9]\d{0,2}|1000)$/, 'is not a whole number from 1 to 1000')
  .transform(Number)
  .optional();

const source = z.enum(['institution', 'fund']).meta({ description: 'whose file it is' });
const party = z
  .string()
  .regex(/^[A-Za-z0-9]{1,30}$/, 'is neither an institution id nor a region code')
  .meta({ description: 'institution id, or region of the fund; left out by whoever sends their own' });
const runId = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'is not the number of a run')
  .transform(Number);
const differenceId = z
  .string()
  .regex(/^[1-9]\d{0,8}-[1-9]\d{0,8}$/, 'is not the id of a difference')
  .meta({ examples: ['12-3'] });

export const reconciliationFileQuery = z.strictObject({
  source: source.optional(),
  party: party.optional(),
  businessDate: f.date,
  fileName: z.string().min(1).max(255).optional(),
});
export type ReconciliationFileQuery = z.infer<typeof reconciliationFileQuery>;

export const figures = z.object({ settlements: z.number().int(), total: f.sum, fundTotal: f.sum, account: f.sum });
export const runTotals = z.object({ settled: figures, refunded: figures });

export const fileProblem = z.object({
  line: z.number().int().meta({ description: 'from 1, the header included; 0 for the file itself' }),
  column: z.number().int().meta({ description: 'from 1; 0 for the line as a whole' }),
  name: z.string().meta({ description: 'of the column' }),
  problem: z.string(),
});

export const totalsResult = z.enum(['equal', 'platformMore', 'institutionMore', 'differ']);

export const reconciliationRunView = z.object({
  runId: z.number().int(),
  source,
  party,
  businessDate: f.date,
  fileName: z.string(),
  sha256: z.string(),
  state: z.enum(['loading', 'loaded', 'matched', 'closed', 'refused', 'superseded']),
  bytesDone: z.number().int(),
  bytesTotal: z.number().int(),
  lines: z.number().int(),
  fileTotals: runTotals.optional(),
  ourTotals: runTotals.optional(),
  result: totalsResult.optional().meta({ description: 'how the totals compare, once the file is matched' }),
  differences: z.number().int(),
  problems: z.array(fileProblem).meta({ description: 'why the file was refused: at most the first hundred things' }),
  startedAt: f.instant,
  matchedAt: f.instant.optional(),
  closedAt: f.instant.optional(),
  closedBy: z.string().optional(),
});
export type ReconciliationRunView = z.infer<typeof reconciliationRunView>;
export const reconciliationRunList = z.object({ runs: z.array(reconciliationRunView) });
export type ReconciliationRunList = z.infer<typeof reconciliationRunList>;
export const reconciliationRunsQuery = z.strictObject({ limit });
export type ReconciliationRunsQuery = z.infer<typeof reconciliationRunsQuery>;

const side = z.object({
  settlementId: f.settlementId,
  personId: f.personId,
  total: f.money,
  fundTotal: f.money,
  account: f.money,
});

export const differenceView = z.object({
  differenceId,
  runId: z.number().int(),
  class: z.enum(DIFFERENCE_CLASSES),
  correction: z.object({
    action: z.enum(CORRECTION_ACTIONS),
    movesMoney: z.boolean().meta({ description: 'then two clerks must agree, of both counties where there are two' }),
    adjustBy: f.money,
  }),
  refund: z.boolean(),
  ours: side.extend({ institutionId: f.institutionId, billNumber: z.string() }).optional(),
  line: side.extend({ lineNo: z.number().int(), visitId: z.string() }).optional(),
  related: z
    .object({ settlementId: f.settlementId, windowId: z.number().int() })
    .optional()
    .meta({ description: 'the reversal, what it reverses, the same bill, or the same row in another period' }),
  state: z.enum(['open', 'proposed', 'accepted', 'refused']),
  proposedBy: z.string().optional(),
  decidedBy: z.string().optional(),
  decidedAt: f.instant.optional(),
  reason: z.string().optional(),
  outcomeId: z.string().optional().meta({ description: 'journal entry or reversal that accepting it wrote' }),
});
export type DifferenceView = z.infer<typeof differenceView>;
export const differenceList = z.object({
  differences: z.array(differenceView),
  nextAfter: differenceId.optional().meta({ description: 'pass as `after` for the next page' }),
});
export type DifferenceList = z.infer<typeof differenceList>;

export const differencesQuery = z.strictObject({
  runId: runId.optional(),
  class: z.enum(DIFFERENCE_CLASSES).optional(),
  state: z.enum(['open', 'proposed', 'accepted', 'refused']).optional(),
  after: differenceId.optional().meta({ description: 'nextAfter of the page before' }),
  limit,
});
export type DifferencesQuery = z.infer<typeof differencesQuery>;

export const differenceDecision = z.strictObject({
  reason: z.string().trim().min(1).max(500).meta({ description: 'why; kept with the decision' }),
});
export type DifferenceDecision = z.infer<typeof differenceDecision>;

export const runClosing = z.strictObject({});

export const totalsRequest = z.strictObject({
  institutionId: f.institutionId.optional().meta({ description: 'left out by an institution' }),
  from: f.date,
  to: f.date,
  scheme: f.scheme,
  clearingType: z.enum(['11', '21', '41']).meta({ description: 'clr_type: outpatient, inpatient, pharmacy' }),
  refund: z
    .boolean()
    .optional()
    .meta({ description: 'settlements alone or reversals alone; left out: together, reversals negative' }),
  settlements: z.number().int().min(0).max(1_000_000_000),
  total: f.sum,
  fundTotal: f.sum,
  account: f.sum,
});
export type TotalsRequest = z.infer<typeof totalsRequest>;

export const totalsComparison = z.object({
  result: totalsResult,
  stmtRslt: z.string().meta({ description: 'one digit: 0 equal, 1 platform more, 2 institution more, 3 different' }),
  stmtRsltSixDigits: z.string(),
  ours: figures,
});
export type TotalsComparisonView = z.infer<typeof totalsComparison>;

export const resultQuery = z.strictObject({
  codes: z.enum(['oneDigit', 'sixDigits']).optional().meta({ description: 'form of stmt_rslt; six digits by default' }),
});
export type ResultQuery = z.infer<typeof resultQuery>;
