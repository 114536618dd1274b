import { z } from 'zod';
import * as f from './fields.ts';
import { fundMessages, fundReceipt } from './funds.ts';
import { accumulatorEvent, personCopy } from './persons.ts';

/** What a home fund's own system offers to the engine, as schemas and as a table of operations. */

const mark = z
  .string()
  .max(200)
  .meta({ description: 'the fund’s own mark of a place in its feed; empty at the start' });

export const feedQuery = z.object({
  after: mark.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

const page = {
  next: mark,
  more: z.boolean().meta({ description: 'whether asking again with `next` brings something at once' }),
};

/** Persons that changed, each as it is now. */
export const personsPage = z.object({ persons: z.array(personCopy), ...page });
export const accumulatorEventsPage = z.object({ events: z.array(accumulatorEvent), ...page });

export const freshLookRequest = z.strictObject({ personId: f.personId });
/** A fresh look at one person: what the fund knows now, balances included. */
export const freshLookAnswer = z.object({ person: personCopy });

const fileFacts = {
  fileId: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9._-]+$/),
  kind: z.enum(['reconciliation', 'statement', 'liquidation']),
  businessDate: f.date,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};
const content = z.string().max(8_000_000).meta({ description: 'CSV in UTF-8; `sha256` is of these bytes' });
/** A file of a business day: CSV, known by its id and hash. */
export const fundFile = z.strictObject({ ...fileFacts, content });
export const fundFileReceipt = z.object({ fileId: z.string(), sha256: z.string() });
export const fundFilesPage = z.object({ files: z.array(z.object(fileFacts)), ...page });

/** Why the fund did not do it, by its own code. */
export const fundProblem = z.looseObject({ code: z.string(), detail: z.string() });

/** One thing that a fund's system can be asked. */
export interface FundOperation {
  readonly method: 'get' | 'post';
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  /** Statuses of its problems, beside 400 and 500. */
  readonly problems?: readonly number[];
}

export const FUND_OPERATIONS: readonly FundOperation[] = [
  {
    method: 'post',
    path: '/messages',
    operationId: 'receiveMessages',
    summary:
      'Advices of settlements and reversals of the fund’s own people, in order per person, and clearing notices. Sent at least once; the receiver tells repeats by messageId.',
    body: fundMessages,
    answer: fundReceipt,
  },
  {
    method: 'post',
    path: '/eligibility',
    operationId: 'lookAtPerson',
    summary: 'A fresh look at one person.',
    body: freshLookRequest,
    answer: freshLookAnswer,
    problems: [404],
  },
  {
    method: 'get',
    path: '/persons',
    operationId: 'listChangedPersons',
    summary: 'Persons that changed after a mark, in the order in which they changed.',
    query: feedQuery,
    answer: personsPage,
  },
  {
    method: 'get',
    path: '/accumulator-events',
    operationId: 'listAccumulatorEvents',
    summary: 'Spending at home after a mark. An event may come more than once; events of a person are numbered.',
    query: feedQuery,
    answer: accumulatorEventsPage,
  },
  {
    method: 'post',
    path: '/files',
    operationId: 'receiveFile',
    summary: 'A file from us. The same id with the same hash again is acknowledged; with another hash it is refused.',
    body: fundFile,
    answer: fundFileReceipt,
    problems: [409],
  },
  {
    method: 'get',
    path: '/files',
    operationId: 'listFiles',
    summary: 'Files that the fund has for us, after a mark.',
    query: feedQuery,
    answer: fundFilesPage,
  },
  {
    method: 'get',
    path: '/files/{fileId}',
    operationId: 'readFile',
    summary: 'One of these files.',
    answer: fundFile,
    problems: [404],
  },
];
