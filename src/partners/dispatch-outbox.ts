import type { Failure, OutboxStore, PendingMessage } from '../app/outbox/ports.ts';
import type { FundMessage, MessageSource } from '../app/ports.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { FundClient } from './fund-client.ts';
import { createOrderQueue, type OrderQueue } from './order-queue.ts';

/** What dispatching needs from outside. */
export interface DispatchDeps {
  readonly outbox: Pick<OutboxStore, 'due' | 'latest' | 'delivered' | 'failed' | 'hasten'>;
  readonly source: MessageSource;
  readonly client: Pick<FundClient, 'region' | 'send'>;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly limits?: Partial<DispatchLimits>;
}

/** How much at once, how patiently, and when to give up. */
export interface DispatchLimits {
  /** A message that failed waits: doubled each time up to a cap, the last half of it by chance. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  readonly roundMax: number;
  readonly batchMax: number;
  /** Requests in flight to one partner. */
  readonly requestsMax: number;
  /** How often a message fails by its own fault before it is a dead letter. */
  readonly strikesMax: number;
  /** How often it is refused, sent alone, before it is one: a system in maintenance refuses everything for a while. */
  readonly refusalsMax: number;
}

export const DISPATCH_LIMITS: DispatchLimits = {
  backoffFirstMs: 1000,
  backoffMaxMs: 300_000,
  roundMax: 1000,
  batchMax: 100,
  requestsMax: 4,
  strikesMax: 12,
  refusalsMax: 3,
};

/** What one round came to. */
export interface DispatchRound {
  readonly delivered: number;
  readonly failed: number;
  /** More is due. */
  readonly more: boolean;
  /** The partner cannot take messages now: the round was broken off. */
  readonly partnerDown: boolean;
}

/** One that fails may be the message's fault; when the next fails too it is the partner's. */
const FAILURES_IN_ROW_MAX = 2;

interface NotTaken {
  readonly message: PendingMessage;
  readonly reason: string;
  /** The partner said no to this very message. */
  readonly isRefusal: boolean;
  /** It was the message's own fault: not taken by a partner that works, or failing alone while others go through. */
  isStrike: boolean;
}

/**
 * Sends what is due for one partner: at least once, in order per order key, several requests at a time. A message that is
 * not taken waits and holds back the later ones of its key, no others; one that is refused for good, or fails again and
 * again while the partner takes others, becomes a dead letter. When the partner fails the round ends; while its breaker is
 * open every message stays as it is. During a backlog the youngest messages of other keys travel along with the oldest.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 * @source design §8
 */
export async function dispatchOutbox(deps: DispatchDeps, signal?: AbortSignal): Promise<DispatchRound> {
  const limits = { ...DISPATCH_LIMITS, ...deps.limits };
  const { outbox, client, clock } = deps;
  const due = await outbox.due(client.region, clock.now(), limits.roundMax);
  const isBacklog = due.length === limits.roundMax;
  const first = isBacklog ? await latestBeside(deps, due, limits.batchMax) : [];
  const round = new Round(deps, createOrderQueue([...first, ...due], limits.batchMax), signal);
  // All of them have ended before the round does: no key may be on its way when the next round begins.
  const ended = await Promise.allSettled(Array.from({ length: limits.requestsMax }, () => round.work()));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;

  const { delivered, notTaken } = round;
  if (delivered > 0) await outbox.hasten(client.region, clock.now());
  for (const alike of Map.groupBy(notTaken, sortOf).values()) {
    const [one] = alike;
    if (one === undefined) continue;
    const messages = alike.map(({ message }) => message);
    await outbox.failed(messages, failureOf(deps, limits, one));
  }
  const partnerDown = round.isDown || (round.failuresInRow > 0 && delivered === 0);
  return { delivered, failed: notTaken.length, more: isBacklog && !partnerDown, partnerDown };
}

async function latestBeside(
  { outbox, client }: DispatchDeps,
  due: readonly PendingMessage[],
  limit: number,
): Promise<readonly PendingMessage[]> {
  const there = new Set(due.map(({ messageId }) => messageId));
  return (await outbox.latest(client.region, limit)).filter(({ messageId }) => !there.has(messageId));
}

/** The messages of one round on their way. */
class Round {
  delivered = 0;
  isDown = false;
  failuresInRow = 0;
  readonly notTaken: NotTaken[] = [];
  readonly #deps: DispatchDeps;
  readonly #queue: OrderQueue;
  readonly #signal: AbortSignal | undefined;

  constructor(deps: DispatchDeps, queue: OrderQueue, signal: AbortSignal | undefined) {
    this.#deps = deps;
    this.#queue = queue;
    this.#signal = signal;
  }

  /** Sends batches one after the other; several of these work side by side, and all end when one breaks. */
  async work(): Promise<void> {
    try {
      await this.#sendAll();
    } catch (error) {
      this.isDown = true;
      throw error;
    }
  }

  async #sendAll(): Promise<void> {
    while (!this.isDown && this.#signal?.aborted !== true) {
      const batch = this.#queue.next();
      if (batch.length === 0) return;
      const { source, client } = this.#deps;
      const sent = await send(client, batch, await source.load(batch));
      if (sent.kind === 'notTried') {
        this.isDown = true;
        return;
      }
      await this.#note(batch, sent);
    }
  }

  async #note(batch: readonly PendingMessage[], { accepted, reason, fault }: Tried): Promise<void> {
    const taken = batch.filter(({ messageId }) => accepted.has(messageId));
    const refused = batch.filter(({ messageId }) => !accepted.has(messageId));
    if (taken.length > 0) {
      await this.#deps.outbox.delivered(taken);
      this.delivered += taken.length;
      for (const message of taken) this.#queue.taken(message);
      // The partner works: what failed alone before this failed by its own fault.
      for (const one of this.notTaken) one.isStrike ||= one.message.attempts > 0;
    }
    if (fault === 'partner') this.failuresInRow += 1;
    else if (fault !== 'missing') this.failuresInRow = 0;
    if (this.failuresInRow >= FAILURES_IN_ROW_MAX) this.isDown = true;
    const isRefusal = fault === 'refused' && batch.length === 1;
    for (const message of refused) {
      this.#queue.heldBack(message);
      this.notTaken.push({
        message,
        reason,
        isRefusal,
        isStrike: fault === 'message' || fault === 'missing' || isRefusal,
      });
    }
  }
}

interface Tried {
  readonly kind: 'tried';
  readonly accepted: ReadonlySet<string>;
  readonly reason: string;
  /** Whose fault it seems to be; `refused`: something in the batch is refused for good. */
  readonly fault: 'missing' | 'message' | 'refused' | 'partner';
}

/** `notTried`: the breaker is open, no attempt of any message was made. */
type Sent = { readonly kind: 'notTried' } | Tried;

async function send(
  client: DispatchDeps['client'],
  messages: readonly PendingMessage[],
  bodies: ReadonlyMap<string, FundMessage>,
): Promise<Sent> {
  const present = messages.flatMap(({ messageId }) => bodies.get(messageId) ?? []);
  if (present.length === 0) {
    return tried(new Set(), 'SUBJECT_MISSING: what the message is about is not stored', 'missing');
  }
  try {
    const { accepted, problem } = await client.send(present);
    const words = problem === undefined ? '' : `: ${problem.code ?? 'no code'}, ${problem.message}`;
    return tried(accepted, `NOT_ACCEPTED: the partner did not take this message${words}`, 'message');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'BREAKER_OPEN') return { kind: 'notTried' };
    // "Closed" inside a 200 is a system in trouble rather than a word about this message.
    const isRefusal = !error.retryable && (error.extra['partnerStatus'] as number | undefined) !== 200;
    return tried(new Set(), `${error.code}: ${error.message}`, isRefusal ? 'refused' : 'partner');
  }
}

function tried(accepted: ReadonlySet<string>, reason: string, fault: Tried['fault']): Tried {
  return { kind: 'tried', accepted, reason, fault };
}

/** Failures that are noted together. */
function sortOf({ message, reason, isRefusal, isStrike }: NotTaken): string {
  return JSON.stringify([message.attempts, message.strikes, isRefusal, isStrike, reason]);
}

function failureOf(
  deps: DispatchDeps,
  limits: DispatchLimits,
  { message, reason, isRefusal, isStrike }: NotTaken,
): Failure {
  const atMs = deps.clock.now();
  const wholeMs = Math.min(limits.backoffFirstMs * 2 ** message.attempts, limits.backoffMaxMs);
  const waitMs = Math.round(wholeMs / 2 + (wholeMs / 2) * (deps.random ?? Math.random)());
  const isDead = isStrike && message.strikes + 1 >= (isRefusal ? limits.refusalsMax : limits.strikesMax);
  return { reason, atMs, nextAttemptAtMs: atMs + waitMs, isStrike, isDead };
}
