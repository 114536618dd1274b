import type { FundMessage } from '../app/ports.ts';
import { assertOutsideTransaction } from '../platform/transaction-guard.ts';
import type { Breakers } from './breakers.ts';
import { callFund, noAnswer, type Answer, type FundAddress } from './fund-call.ts';
import { decodeReceipt, encodeMessages, type PartnerProblem } from './fund-codec.ts';

export type { FundAddress } from './fund-call.ts';

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

export function createFundClient(address: FundAddress, breakers: Breakers): FundClient {
  const { region } = address;
  return {
    region,
    async send(messages) {
      assertOutsideTransaction(`a call of ${region}`);
      const body = encodeMessages(messages);
      return breakers.call(region, 'messages', async () =>
        deliveryOf(region, await callFund(address, 'POST', '/messages', body)),
      );
    },
  };
}

/** An answer that says neither what was taken nor why not is no answer: what was sent is sent again. */
function deliveryOf(region: string, answer: Answer): Delivery {
  const receipt = decodeReceipt(answer.text);
  if (answer.status >= 200 && answer.status < 300 && receipt?.accepted !== undefined) {
    return { accepted: new Set(receipt.accepted), problem: receipt.problem };
  }
  throw noAnswer(region, answer, receipt?.problem, 'a receipt');
}
