import type { OutboxMessage } from '../ports.ts';

/** A message on its way, as the dispatcher sees it. */
export interface PendingMessage extends OutboxMessage {
  /** How often it was sent in vain; 0 as long as it never was. */
  readonly attempts: number;
  /** How many of these were its own fault: the partner took others meanwhile. */
  readonly strikes: number;
}

/** Why messages stay, and for how long. */
export interface Failure {
  readonly reason: string;
  readonly atMs: number;
  readonly nextAttemptAtMs: number;
  readonly isStrike: boolean;
  /** It is sent no more until a person has looked at it. */
  readonly isDead: boolean;
}

/** A message that was given up, and holds back the later ones of its order key. */
export interface DeadLetter extends PendingMessage {
  readonly reason: string;
  readonly deadSinceMs: number;
  /** How many messages wait behind it. */
  readonly holdsBack: number;
}

/** What one partner has not got yet. */
export interface Backlog {
  readonly partnerRegion: string;
  /** All that wait, those that failed and those behind dead letters among them. */
  readonly waiting: number;
  readonly failed: number;
  readonly dead: number;
  readonly oldestAtMs: number;
}

/** What a person decides about a dead letter. */
export interface DeadLetterDecision {
  readonly messageId: string;
  /** Whose dead letters the person may decide about; undefined: any county's. */
  readonly region: string | undefined;
  readonly action: 'resend' | 'discard';
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

/** The outbox, as the dispatcher works it off. A message that is delivered leaves it. */
export interface OutboxStore {
  /** Due messages of one partner, oldest first; what follows a failure of the same order key is not due. */
  due(partnerRegion: string, nowMs: number, limit: number): Promise<readonly PendingMessage[]>;
  /** The youngest messages of one partner, those of order keys of which nothing older waits; oldest first. */
  latest(partnerRegion: string, limit: number): Promise<readonly PendingMessage[]>;
  delivered(messages: readonly PendingMessage[]): Promise<void>;
  failed(messages: readonly PendingMessage[], failure: Failure): Promise<void>;
  /** The partner is back: what failed through no fault of its own is due now. */
  hasten(partnerRegion: string, nowMs: number): Promise<void>;
  pending(): Promise<readonly { readonly partnerRegion: string; readonly topic: string; readonly count: number }[]>;
  backlogs(): Promise<readonly Backlog[]>;
  /** Oldest first, after one that was the last of a page; of one partner or, with undefined, of all. */
  deadLetters(partnerRegion: string | undefined, after: string, limit: number): Promise<readonly DeadLetter[]>;
  /** False when there is no such dead letter (any more). */
  decide(decision: DeadLetterDecision): Promise<boolean>;
}
