import type { PendingMessage } from '../app/outbox/ports.ts';

/** Messages of one round, handed out so that those of one order key follow each other. */
export interface OrderQueue {
  /**
   * The next batch that may go out now: one message of each order key, none of a key that is on its way. A message that
   * failed before is a batch of its own. Empty when nothing may go out until something comes back.
   */
  next(): readonly PendingMessage[];
  /** It was taken: the next of its key may go. */
  taken(message: PendingMessage): void;
  /** It was not taken: its key is out of this round. */
  heldBack(message: PendingMessage): void;
}

/**
 * A batch holds one message of each order key, so that a partner cannot take a later one and refuse an earlier one; what
 * failed before travels alone, so that a message which upsets the partner does not take others down again.
 *
 * @shape messages oldest first → queue
 */
export function createOrderQueue(messages: readonly PendingMessage[], batchMax: number): OrderQueue {
  const byKey = Map.groupBy(messages, ({ orderKey }) => orderKey);
  const positions = new Map<string, number>();
  const fresh: PendingMessage[] = [];
  const alone: PendingMessage[] = [];
  let [freshFrom, aloneFrom] = [0, 0];
  let wasAlone = false;

  function ready(message: PendingMessage | undefined): void {
    if (message !== undefined) (message.attempts > 0 ? alone : fresh).push(message);
  }
  for (const [first] of byKey.values()) ready(first);

  return {
    next() {
      const mayBeFresh = freshFrom < fresh.length;
      // By turns, so that neither what failed nor what is fresh waits for all of the other.
      if (aloneFrom < alone.length && (!wasAlone || !mayBeFresh)) {
        wasAlone = true;
        aloneFrom += 1;
        return alone.slice(aloneFrom - 1, aloneFrom);
      }
      wasAlone = false;
      const batch = fresh.slice(freshFrom, freshFrom + batchMax);
      freshFrom += batch.length;
      return batch;
    },
    taken({ orderKey }) {
      const position = (positions.get(orderKey) ?? 0) + 1;
      positions.set(orderKey, position);
      ready(byKey.get(orderKey)?.[position]);
    },
    heldBack({ orderKey }) {
      byKey.delete(orderKey);
    },
  };
}
