import { z } from 'zod';
import * as f from './fields.ts';

const count = z.number().int();

export const partnerOperation = z.object({
  operation: z.string().meta({ examples: ['messages'] }),
  breaker: z.enum(['closed', 'halfOpen', 'open']).meta({ description: 'the worst of all processes' }),
  since: f.instant,
  calls: count.meta({ description: 'since the processes started, of all of them' }),
  failures: count,
  timeouts: count.meta({ description: 'those of the failures that were no answer in time' }),
  rejects: count.meta({ description: 'calls not made, because the breaker was open' }),
  lastError: z.object({ code: z.string(), message: z.string(), at: f.instant }).optional(),
});

export const partnerView = z.object({
  region: f.region,
  name: z.string(),
  nameEn: z.string(),
  operations: z.array(partnerOperation),
  outbox: z.object({
    waiting: count.meta({ description: 'all that is not delivered; failed and dead messages are among them' }),
    failed: count,
    dead: count,
    oldestAt: f.instant.optional(),
  }),
  exposure: z.object({
    open: f.sum.meta({ description: 'what the fund and its accounts pay of settlements that are still provisional' }),
    settlements: count,
    today: f.sum.meta({ description: 'of all that was provisional when it was settled today' }),
    todayMax: f.sum.optional(),
  }),
});
export type PartnerView = z.infer<typeof partnerView>;
export const partnerList = z.object({ partners: z.array(partnerView) });
export type PartnerList = z.infer<typeof partnerList>;

export const messageId = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'is not the id of a message')
  .meta({ examples: ['01ky7m3v0000p4x2ab'] });

export const deadLetter = z.object({
  messageId,
  region: f.region.meta({ description: 'whom it is for' }),
  topic: z.string(),
  subjectId: z.string(),
  createdAt: f.instant,
  deadSince: f.instant,
  attempts: count,
  reason: z.string(),
  holdsBack: count.meta({ description: 'later messages of the same person that wait behind it' }),
});
export const deadLetterList = z.object({
  deadLetters: z.array(deadLetter),
  nextAfter: messageId.optional().meta({ description: 'pass as `after` for the next page' }),
});
export type DeadLetterList = z.infer<typeof deadLetterList>;

export const deadLetterQuery = z.strictObject({
  after: messageId.optional().meta({ description: 'nextAfter of the page before' }),
  region: f.region.optional(),
});
export type DeadLetterQuery = z.infer<typeof deadLetterQuery>;

export const deadLetterDecision = z.strictObject({
  reason: z.string().trim().min(1).max(500).meta({ description: 'kept with the message, with who decided' }),
});
export type DeadLetterDecisionRequest = z.infer<typeof deadLetterDecision>;
export const deadLetterDecided = z.object({ messageId, action: z.enum(['resend', 'discard']) });
export type DeadLetterDecided = z.infer<typeof deadLetterDecided>;
