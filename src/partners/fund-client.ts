import type { FundMessage } from '../app/ports.ts';
import { AppError } from '../platform/errors.ts';
import { assertOutsideTransaction } from '../platform/transaction-guard.ts';
import type { Breakers } from './breakers.ts';
import { decodeReceipt, encodeMessages, type PartnerProblem, type Receipt } from './fund-codec.ts';

/** A home fund's endpoint. */
export interface FundAddress {
  readonly region: string;
  /** Without the path of an operation: `https://fund.example/api`. */
  readonly url: string;
  readonly timeoutMs?: number;
  readonly answerBytesMax?: number;
}

/** Which messages a fund took, and what it said about the others. */
export interface Delivery {
  readonly accepted: ReadonlySet<string>;
  readonly problem: PartnerProblem | undefined;
}

/** A home fund's system, as we call it. */
export interface FundClient {
  readonly region: string;
  /**
   * Hands over a batch, in its order.
   *
   * @throws AppError PARTNER_UNREACHABLE, PARTNER_TIMEOUT, PARTNER_FAILED (its own 5xx), ANSWER_NOT_UNDERSTOOD,
   *   ANSWER_TOO_LARGE, BREAKER_OPEN (all retryable), PARTNER_REFUSED; `extra.partnerCode` is the partner's own code
   */
  send(messages: readonly FundMessage[]): Promise<Delivery>;
}

const TIMEOUT_MS = 5000;
const ANSWER_BYTES_MAX = 1_000_000;

/** Wrong key, wrong address, too slow, too often: trouble between two systems, whatever was sent. */
const SAYS_NOTHING_OF_MESSAGES = new Set([401, 403, 404, 405, 407, 408, 429]);

interface Answer {
  readonly status: number;
  readonly text: string;
}

export function createFundClient(address: FundAddress, breakers: Breakers): FundClient {
  const { region, url } = address;
  return {
    region,
    async send(messages) {
      assertOutsideTransaction(`a call of ${region}`);
      const body = encodeMessages(messages);
      return breakers.call(region, 'messages', async () =>
        deliveryOf(region, await post(address, `${url}/messages`, body)),
      );
    },
  };
}

async function post({ region, timeoutMs, answerBytesMax }: FundAddress, url: string, body: string): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    return { status: response.status, text: await readText(response, region, answerBytesMax ?? ANSWER_BYTES_MAX) };
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

/** An answer that says neither what was taken nor why not is no answer: what was sent is sent again. */
function deliveryOf(region: string, { status, text }: Answer): Delivery {
  const receipt = decodeReceipt(text);
  const isSuccess = status >= 200 && status < 300;
  if (isSuccess && receipt?.accepted !== undefined) {
    return { accepted: new Set(receipt.accepted), problem: receipt.problem };
  }
  if (status >= 500 || SAYS_NOTHING_OF_MESSAGES.has(status)) {
    throw refusal('PARTNER_FAILED', `${region} answered ${status}`, receipt, status);
  }
  if (!isSuccess || receipt?.problem !== undefined) {
    throw refusal('PARTNER_REFUSED', `${region} refused with ${status}`, receipt, status);
  }
  throw partnerError('ANSWER_NOT_UNDERSTOOD', `${region} answered ${status} with something else than a receipt`, 502);
}

function refusal(
  code: 'PARTNER_FAILED' | 'PARTNER_REFUSED',
  message: string,
  receipt: Receipt | undefined,
  partnerStatus: number,
): AppError {
  const problem = receipt?.problem;
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
