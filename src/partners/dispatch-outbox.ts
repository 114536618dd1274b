import type { FundMessage, MessageSource, OutboxStore, PendingMessage } from '../app/ports.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { FundClient } from './fund-client.ts';

/** What dispatching needs from outside. */
export interface DispatchDeps {
  readonly outbox: Pick<OutboxStore, 'due' | 'delivered' | 'failed'>;
  readonly source: MessageSource;
  readonly client: FundClient;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly backoff?: Backoff;
}

/** How long a message that failed waits: doubled each time up to a cap, the last half of it by chance. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** What one round came to. */
export interface DispatchRound {
  readonly delivered: number;
  readonly failed: number;
  /** More is due. */
  readonly more: boolean;
  /** The partner cannot take messages now: the round was broken off. */
  readonly partnerDown: boolean;
}

const ROUND_MAX = 500;
const BATCH_MAX = 100;
const BACKOFF: Backoff = { firstMs: 1000, maxMs: 300_000 };

/**
 * Puts due messages into batches. A batch holds one message of each order key, so that a partner cannot take a later one
 * and refuse an earlier one; a message that failed before travels alone, so that one which upsets the partner does not
 * take others down again.
 *
 * @shape messages oldest first → batches to be sent one after the other
 */
export function planBatches(messages: readonly PendingMessage[]): PendingMessage[][] {
  const batches: { messages: PendingMessage[]; isFull: boolean }[] = [];
  const nextOfKey = new Map<string, number>();
  let firstOpen = 0;
  for (const message of messages) {
    const isAlone = message.attempts > 0;
    let at = isAlone ? batches.length : Math.max(nextOfKey.get(message.orderKey) ?? 0, firstOpen);
    while (batches[at]?.isFull === true) at += 1;
    const batch = batches[at] ?? { messages: [], isFull: false };
    batches[at] = batch;
    batch.messages.push(message);
    batch.isFull = isAlone || batch.messages.length === BATCH_MAX;
    nextOfKey.set(message.orderKey, at + 1);
    while (batches[firstOpen]?.isFull === true) firstOpen += 1;
  }
  return batches.map((batch) => batch.messages);
}

/**
 * Sends what is due for one partner: at least once, in order per order key, one request at a time. A message that is not
 * taken waits and holds back the later ones of its key, no others. When the partner fails the round ends; while its breaker
 * is open every message stays as it is.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 * @source design §8
 */
export async function dispatchOutbox(deps: DispatchDeps, signal?: AbortSignal): Promise<DispatchRound> {
  const { outbox, source, client, clock } = deps;
  const due = await outbox.due(client.region, clock.now(), ROUND_MAX);
  const heldBack = new Set<string>();
  let [delivered, failed] = [0, 0];
  const round = (partnerDown: boolean): DispatchRound => {
    return { delivered, failed, more: due.length === ROUND_MAX && !partnerDown, partnerDown };
  };
  for (const batch of planBatches(due)) {
    if (signal?.aborted === true) break;
    const ready = batch.filter(({ orderKey }) => !heldBack.has(orderKey));
    if (ready.length === 0) continue;
    const bodies = await source.load(ready);
    const sent = await send(client, ready, bodies);
    if (sent.kind === 'notTried') return round(true);

    const taken = ready.filter(({ messageId }) => sent.accepted.has(messageId));
    const refused = ready.filter(({ messageId }) => !sent.accepted.has(messageId));
    if (taken.length > 0) {
      await outbox.delivered(idsOf(taken), clock.now());
      delivered += taken.length;
    }
    if (refused.length > 0) {
      await outbox.failed(idsOf(refused), sent.reason, clock.now() + backoffMs(deps, refused));
      failed += refused.length;
      for (const { orderKey } of refused) heldBack.add(orderKey);
    }
    if (sent.partnerDown) return round(true);
  }
  return round(false);
}

type Sent =
  /** The breaker is open: no attempt of any message was made. */
  | { readonly kind: 'notTried' }
  | {
      readonly kind: 'tried';
      readonly accepted: ReadonlySet<string>;
      readonly reason: string;
      readonly partnerDown: boolean;
    };

async function send(
  client: FundClient,
  messages: readonly PendingMessage[],
  bodies: ReadonlyMap<string, FundMessage>,
): Promise<Sent> {
  const present = messages.flatMap(({ messageId }) => bodies.get(messageId) ?? []);
  if (present.length === 0) return tried(new Set(), 'SUBJECT_MISSING: what the message is about is not stored');
  try {
    const { accepted, problem } = await client.send(present);
    const words = problem === undefined ? '' : `: ${problem.code ?? 'no code'}, ${problem.message}`;
    return tried(accepted, `NOT_ACCEPTED: the partner did not take this message${words}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'BREAKER_OPEN') return { kind: 'notTried' };
    return tried(new Set(), `${error.code}: ${error.message}`, error.retryable);
  }
}

function tried(accepted: ReadonlySet<string>, reason: string, partnerDown = false): Sent {
  return { kind: 'tried', accepted, reason, partnerDown };
}

function idsOf(messages: readonly PendingMessage[]): string[] {
  return messages.map(({ messageId }) => messageId);
}

/** A batch has failed equally often throughout: either never, or it is one message. */
function backoffMs(
  { random = Math.random, backoff = BACKOFF }: DispatchDeps,
  [first]: readonly PendingMessage[],
): number {
  const wholeMs = Math.min(backoff.firstMs * 2 ** (first?.attempts ?? 0), backoff.maxMs);
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random());
}
