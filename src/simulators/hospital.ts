import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import {
  quoteAnswer,
  reversalAnswer,
  settlementAnswer,
  statementAnswer,
  type BillRequest,
} from '../http/schemas/bills.ts';
import { problem } from '../http/schemas/problems.ts';
import { AppError } from '../platform/errors.ts';

/** What the engine answered: what was asked for, or a problem document. */
export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly body: T }
  | { readonly ok: false; readonly status: number; readonly problem: z.infer<typeof problem> };

/** Where a hospital's billing system finds the engine, and how it says who it is. */
export interface HospitalAccess {
  readonly baseUrl: string;
  readonly key: string;
}

/** An institution's billing system, as far as the engine sees it. */
export interface Hospital {
  quote(bill: BillRequest): Promise<Answer<z.infer<typeof quoteAnswer>>>;
  settle(bill: BillRequest): Promise<Answer<z.infer<typeof settlementAnswer>>>;
  reverse(settlementId: string, reason: string): Promise<Answer<z.infer<typeof reversalAnswer>>>;
  statement(settlementId: string): Promise<Answer<z.infer<typeof statementAnswer>>>;
}

const ATTEMPTS_MAX = 5;
const FIRST_PAUSE_MS = 50;

/**
 * Sends once and reads the answer by its schema, as an outsider must: what is not in the contract is an error here too.
 *
 * @throws AppError ENGINE_UNREACHABLE (retryable), ANSWER_NOT_UNDERSTOOD
 */
async function send<T>(url: string, init: RequestInit, schema: z.ZodType<T>): Promise<Answer<T>> {
  const { status, ok, content } = await fetch(url, init).then(
    async (response) => ({ status: response.status, ok: response.ok, content: await response.json() }),
    (cause: unknown) => {
      throw new AppError('ENGINE_UNREACHABLE', `no answer from ${url}`, { status: 503, retryable: true, cause });
    },
  );
  const read = ok ? schema.safeParse(content) : problem.safeParse(content);
  if (!read.success) {
    throw new AppError('ANSWER_NOT_UNDERSTOOD', `${url} answered ${status} in another shape: ${read.error.message}`, {
      status: 502,
    });
  }
  return ok
    ? { ok: true, status, body: read.data as T }
    : { ok: false, status, problem: read.data as z.infer<typeof problem> };
}

function isWorthAnotherTry(answer: Answer<unknown> | AppError): boolean {
  if (answer instanceof AppError) return answer.retryable;
  return !answer.ok && answer.problem.retryable;
}

/**
 * A client for one institution. What fails on the way is sent again with the same bill number, which is safe: the engine
 * answers the same content with the same settlement.
 */
export function createHospital({ baseUrl, key }: HospitalAccess): Hospital {
  async function ask<T>(method: 'GET' | 'POST', path: string, body: unknown, schema: z.ZodType<T>): Promise<Answer<T>> {
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    };
    for (let attempt = 1; ; attempt++) {
      const answer = await send(baseUrl + path, init, schema).catch((error: unknown) => {
        if (error instanceof AppError) return error;
        throw error;
      });
      if (attempt < ATTEMPTS_MAX && isWorthAnotherTry(answer)) {
        await pause(FIRST_PAUSE_MS * 2 ** attempt);
        continue;
      }
      if (answer instanceof AppError) throw answer;
      return answer;
    }
  }
  const at = (settlementId: string, part: string): string => `/v1/settlements/${settlementId}/${part}`;
  return {
    quote: (bill) => ask('POST', '/v1/quotes', bill, quoteAnswer),
    settle: (bill) => ask('POST', '/v1/settlements', bill, settlementAnswer),
    reverse: (settlementId, reason) => ask('POST', at(settlementId, 'reversal'), { reason }, reversalAnswer),
    statement: (settlementId) => ask('GET', at(settlementId, 'statement'), undefined, statementAnswer),
  };
}
