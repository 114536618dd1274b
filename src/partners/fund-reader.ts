import type { FundReader } from '../app/funds/ports.ts';
import { assertOutsideTransaction } from '../platform/transaction-guard.ts';
import type { Breakers } from './breakers.ts';
import { decodeEventsPage, decodePerson, decodePersonsPage, type Decoded } from './feed-codec.ts';
import { callFund, noAnswer, type Answer, type FundAddress } from './fund-call.ts';

/** A page of a few hundred persons with all their spans. */
const PAGE_BYTES_MAX = 4_000_000;
const PAGE_ITEMS = 200;

function valueOf<T>(region: string, answer: Answer, { value, ...rest }: Decoded<T>, wanted: string): T {
  if (answer.status >= 200 && answer.status < 300 && value !== undefined) return value;
  throw noAnswer(region, answer, 'problem' in rest ? rest.problem : undefined, wanted);
}

/** Asks a home fund for what it offers, each operation behind a breaker of its own and never inside a transaction. */
export function createFundReader(address: FundAddress, breakers: Breakers): FundReader {
  const { region } = address;
  const forPages = { answerBytesMax: PAGE_BYTES_MAX, ...address };

  async function page<T>(operation: string, after: string, decode: (text: string) => Decoded<T>): Promise<T> {
    assertOutsideTransaction(`a call of ${region}`);
    const query = new URLSearchParams({ ...(after !== '' && { after }), limit: String(PAGE_ITEMS) });
    return breakers.call(region, operation, async () => {
      const answer = await callFund(forPages, 'GET', `/${operation}?${query.toString()}`);
      return valueOf(region, answer, decode(answer.text), 'a page');
    });
  }

  return {
    region,
    persons: (after) => page('persons', after, decodePersonsPage),
    accumulatorEvents: (after) => page('accumulator-events', after, decodeEventsPage),
    async person(personId) {
      assertOutsideTransaction(`a call of ${region}`);
      return breakers.call(region, 'eligibility', async () => {
        const answer = await callFund(address, 'POST', '/eligibility', JSON.stringify({ personId }));
        if (answer.status === 404) return undefined;
        return valueOf(region, answer, decodePerson(answer.text), 'a person');
      });
    },
  };
}
