import { z } from 'zod';
import * as f from './fields.ts';

const moment = z.iso
  .datetime({ offset: true, error: 'is not an instant with offset such as "2026-11-24T18:00:00+08:00"' })
  .transform((text) => Date.parse(text))
  .optional()
  .meta({ description: 'what had been entered by then; everything when absent' });

export const trialBalanceQuery = z.strictObject({
  at: moment,
  book: f.region.optional().meta({ description: 'one county’s book; a fund and its clerks see their own' }),
});
export type TrialBalanceQuery = z.infer<typeof trialBalanceQuery>;

const account = z.string().meta({
  description: 'expense.<fund>, personal, dueTo, dueFrom, payable, or an account of the journal',
  examples: ['dueTo'],
});
const balance = f.sum.meta({ description: 'debit positive, credit negative' });

export const trialBalance = z.object({
  at: f.instant.optional(),
  accounts: z.array(
    z.object({
      book: f.region,
      account,
      party: z.string().meta({ description: 'a county or an institution; empty for the accounts of persons' }),
      balance,
    }),
  ),
  books: z.array(z.object({ book: f.region, debit: f.sum, credit: f.sum, balance })),
  balance: balance.meta({ description: 'of all books; 0.00, or the ledger is broken' }),
});
export type TrialBalance = z.infer<typeof trialBalance>;

export const accountQuery = z.strictObject({
  party: z.string().max(30).optional().meta({ description: 'one county, institution or person; all when absent' }),
  at: moment,
  after: z.string().max(80).optional().meta({ description: 'nextAfter of the page before' }),
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, 'is not a whole number from 1 to 1000')
    .transform(Number)
    .optional(),
});
export type AccountQuery = z.infer<typeof accountQuery>;

export const accountEntries = z.object({
  book: f.region,
  account,
  party: z.string().optional(),
  at: f.instant.optional(),
  balance,
  entries: z.array(
    z.object({
      entryId: z.string().meta({ description: 'a settlement, a reversal, or an entry of the journal' }),
      leg: z.number().int(),
      windowId: z.number().int(),
      at: f.instant,
      kind: z.string().meta({ description: 'settlement, reversal, or the kind of a journal entry' }),
      subjectId: z.string().optional().meta({ description: 'what is reversed, or what a journal entry is about' }),
      institutionId: f.institutionId.optional(),
      billNumber: f.billNumber.optional(),
      reason: z.string().optional(),
      party: z.string(),
      amount: f.sum,
    }),
  ),
  nextAfter: z.string().optional().meta({ description: 'pass as `after` for the next page' }),
});
export type AccountEntries = z.infer<typeof accountEntries>;
