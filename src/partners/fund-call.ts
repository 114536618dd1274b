import { AppError } from '../platform/errors.ts';
import type { PartnerProblem } from './fund-codec.ts';

/** A home fund's endpoint. */
export interface FundAddress {
  readonly region: string;
  /** Without the path of an operation: `https://fund.example/api`. */
  readonly url: string;
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

/** What a partner answered, read whole. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 5000;
const ANSWER_BYTES_MAX = 1_000_000;

/** Wrong key, wrong address, too slow, too often: trouble between two systems, whatever was sent. */
const SAYS_NOTHING_OF_WHAT_WAS_SENT = new Set([401, 403, 404, 405, 407, 408, 429]);

/**
 * Calls a partner and reads its answer, no more of it than the bound and no longer than the deadline.
 *
 * @throws AppError PARTNER_UNREACHABLE, PARTNER_TIMEOUT, ANSWER_TOO_LARGE (all retryable)
 */
export async function callFund(
  { region, url, timeoutMs = TIMEOUT_MS, answerBytesMax = ANSWER_BYTES_MAX }: FundAddress,
  method: 'GET' | 'POST',
  path: string,
  body?: string,
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { accept: 'application/json', ...(body !== undefined && { 'content-type': 'application/json' }) };
  try {
    const request = { method, headers, signal, redirect: 'error', ...(body !== undefined && { body }) } as const;
    const response = await fetch(`${url}${path}`, request);
    return { status: response.status, text: await readText(response, region, answerBytesMax) };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw signal.aborted
      ? partnerError('PARTNER_TIMEOUT', `${region} did not answer in time`, 504, { cause })
      : partnerError('PARTNER_UNREACHABLE', `${region} cannot be reached`, 503, { cause });
  }
}

async function readText({ body }: Response, region: string, bytesMax: number): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the rest of the answer.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw partnerError('ANSWER_TOO_LARGE', `${region} answered more than ${bytesMax} bytes`, 502);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Why an answer is none: the partner's own failure, which may pass, or its refusal, by its own code, also when it comes
 * with status 200; or something that says neither what was done nor why not.
 *
 * @shape answer, what was read of it → AppError PARTNER_FAILED (retryable), PARTNER_REFUSED, ANSWER_NOT_UNDERSTOOD (retryable)
 */
export function noAnswer(
  region: string,
  { status }: Answer,
  problem: PartnerProblem | undefined,
  wanted: string,
): AppError {
  const isSuccess = status >= 200 && status < 300;
  if (status >= 500 || SAYS_NOTHING_OF_WHAT_WAS_SENT.has(status)) {
    return refusal('PARTNER_FAILED', `${region} answered ${status}`, problem, status);
  }
  if (!isSuccess || problem !== undefined) {
    return refusal('PARTNER_REFUSED', `${region} refused with ${status}`, problem, status);
  }
  return partnerError('ANSWER_NOT_UNDERSTOOD', `${region} answered ${status} with something else than ${wanted}`, 502);
}

function refusal(
  code: 'PARTNER_FAILED' | 'PARTNER_REFUSED',
  message: string,
  problem: PartnerProblem | undefined,
  partnerStatus: number,
): AppError {
  const words = problem === undefined ? message : `${message}: ${problem.code ?? 'no code'}, ${problem.message}`;
  const retryable = code === 'PARTNER_FAILED';
  return partnerError(code, words, 502, { partnerCode: problem?.code, partnerStatus, retryable });
}

function partnerError(
  code: string,
  message: string,
  status: number,
  {
    cause,
    partnerCode,
    partnerStatus,
    retryable = true,
  }: { cause?: unknown; partnerCode?: string | undefined; partnerStatus?: number; retryable?: boolean } = {},
): AppError {
  const extra = {
    ...(partnerCode !== undefined && { partnerCode }),
    ...(partnerStatus !== undefined && { partnerStatus }),
  };
  return new AppError(code, message, { status, retryable, cause, extra });
}
