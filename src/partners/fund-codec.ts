import { z } from 'zod';
import type { FundMessage } from '../app/ports.ts';

/** A batch as it goes over the wire. */
export function encodeMessages(messages: readonly FundMessage[]): string {
  return JSON.stringify({ messages });
}

/** A partner's own words about what it did not take. */
export interface PartnerProblem {
  readonly code: string | undefined;
  readonly message: string;
}

/** What a partner answered: which messages it took, and what it says about the others. */
export interface Receipt {
  readonly accepted: readonly string[] | undefined;
  readonly problem: PartnerProblem | undefined;
}

const WORDS_MAX = 200;

const word = z.union([z.string(), z.number()]).transform((value) => String(value).slice(0, WORDS_MAX));
const problemShape = z.object({
  code: word.optional(),
  message: word.optional(),
  detail: word.optional(),
  title: word.optional(),
});
const receiptShape = z.object({ accepted: z.array(z.string()).optional(), error: z.unknown().optional() });

/** Problems come as problem+json, or inside `error` as an object or plain words; with status 200, too. */
export function problemIn(content: unknown): PartnerProblem | undefined {
  if (typeof content === 'string') return { code: undefined, message: content.slice(0, WORDS_MAX) };
  const read = problemShape.safeParse(content);
  if (!read.success) return undefined;
  const { code, message, detail, title } = read.data;
  const words = message ?? detail ?? title;
  return code === undefined && words === undefined ? undefined : { code, message: words ?? 'no reason given' };
}

/**
 * Reads an answer.
 *
 * @shape text → what is in it; undefined when it is not a JSON object (a proxy's HTML page, say)
 */
export function decodeReceipt(text: string): Receipt | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = receiptShape.safeParse(content);
  if (!read.success) return undefined;
  const { accepted, error } = read.data;
  return { accepted, problem: problemIn(error ?? content) };
}
