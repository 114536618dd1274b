import type { ClearingNotice, FundAdvice } from '../http/schemas/funds.ts';
import { createFundMembers, plus, type FundMembers } from './fund-members.ts';

type FundMessage = FundAdvice | ClearingNotice;

/** What a fund's system knows from messages alone. */
export interface FundState {
  /** Messages that came for the first time, by topic. */
  readonly messages: Readonly<Record<FundMessage['topic'], number>>;
  readonly duplicates: number;
  /** Ids of messages older than one of the same person that came before. */
  readonly outOfOrder: readonly string[];
  /** What this fund and its persons' accounts pay in all; reversals are negative. */
  readonly fundTotal: string;
  readonly account: string;
  /** By person, bucket and name: the sum of all changes. */
  readonly accumulators: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
  /** Business days noticed, as they came: this county's position and its statements. */
  readonly notices: readonly Pick<ClearingNotice, 'windowId' | 'businessDate' | 'position' | 'statements'>[];
}

/** The books of one county's fund. */
export interface FundBook {
  /** Takes messages in, each id once. */
  enter(messages: readonly FundMessage[]): void;
  readonly members: FundMembers;
  state(): FundState;
}

export function createFundBook(now: () => number = Date.now, prefix?: string): FundBook {
  const members = createFundMembers(now, prefix);
  const seen = new Set<string>();
  const counts = { settlement: 0, reversal: 0, 'clearing-notice': 0 };
  const outOfOrder: string[] = [];
  const lastOfPerson = new Map<string, FundAdvice>();
  const accumulators: Record<string, Record<string, Record<string, string>>> = {};
  const notices: FundState['notices'][number][] = [];
  let duplicates = 0;
  let [fundTotal, account] = ['0.00', '0.00'];

  function enterAdvice(advice: FundAdvice): void {
    const { personId, messageId, settledAt, settlementId, shares } = advice;
    const last = lastOfPerson.get(personId);
    const isOlder = last !== undefined && [settledAt, settlementId].join() < [last.settledAt, last.settlementId].join();
    if (isOlder) outOfOrder.push(messageId);
    else lastOfPerson.set(personId, advice);
    fundTotal = plus(fundTotal, shares.fundTotal);
    account = plus(account, shares.account);
    members.advise(advice);
    const buckets = (accumulators[personId] ??= {});
    for (const { bucket, name, change } of advice.accumulators) {
      const sums = (buckets[bucket] ??= {});
      sums[name] = plus(sums[name], change);
    }
  }

  return {
    members,
    enter(messages) {
      for (const message of messages) {
        if (seen.has(message.messageId)) {
          duplicates += 1;
          continue;
        }
        seen.add(message.messageId);
        counts[message.topic] += 1;
        if (message.topic === 'clearing-notice') {
          const { windowId, businessDate, position, statements } = message;
          notices.push({ windowId, businessDate, position, statements });
        } else {
          enterAdvice(message);
        }
      }
    },
    state: () => ({ messages: { ...counts }, duplicates, outOfOrder, fundTotal, account, accumulators, notices }),
  };
}
