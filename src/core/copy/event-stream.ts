import { move, type BalanceChange, type Balances, type Moved } from './balances.ts';

/**
 * Where an event stands.
 *
 * - `waiting`: an earlier one of its person is missing · `applied`: its change is in the balances, once
 * - `contained`: a snapshot had it in before it came · `refused`: it would take something below 0; it is tried again
 *   whenever anything of its person arrives, and another event may take its place
 */
export type EventState = 'waiting' | 'applied' | 'contained' | 'refused';

/** Spending at home, as the fund reports it: the fund numbers the events of each person from 1. */
export interface SpendingEvent {
  readonly eventId: string;
  readonly personId: string;
  readonly sequence: number;
  readonly change: BalanceChange;
  readonly occurredAtMs: number;
  /** Of everything the event says. */
  readonly contentHash: string;
}

/** An event that was taken in. */
export interface KnownEvent extends SpendingEvent {
  readonly state: EventState;
  /** What would have been below 0, of a refused one. */
  readonly reason: string | undefined;
}

/** What became of an event; only the last two kinds leave it out. */
export type EventOutcome =
  | { readonly kind: 'applied' }
  /** `missing` is the sequence that it waits for. */
  | { readonly kind: 'waiting'; readonly missing: number }
  /** It was applied before. */
  | { readonly kind: 'repeat' }
  | { readonly kind: 'contained' }
  | { readonly kind: 'belowZero'; readonly what: string }
  /** Its id, or its sequence, belongs to an event that says something else. */
  | { readonly kind: 'conflict'; readonly of: 'id' | 'sequence'; readonly eventId: string }
  | { readonly kind: 'tooFarAhead'; readonly most: number };

/** How far ahead of the next expected one an event may be to be held: the bound of what a person can have waiting. */
const AHEAD_MAX = 10_000;

/** What a snapshot of a fund says of a person's balances, and what it has in it. */
export interface Snapshot {
  readonly balances: Balances;
  /** Last event whose change is in it. */
  readonly sequence: number;
}

/**
 * The events of one person. They are applied in the order of their sequence and exactly once each, in whatever order and
 * however often they arrive: one that is early waits, one that was there before changes nothing.
 */
export class EventStream {
  readonly #known = new Map<number, KnownEvent>();
  readonly #changed = new Set<number>();
  #position: number;
  #balances: Balances;

  /** @param known every stored event after `position`, and those before it that are asked about */
  constructor(position: number, balances: Balances, known: readonly KnownEvent[]) {
    this.#position = position;
    this.#balances = balances;
    for (const event of known) this.#known.set(event.sequence, event);
  }

  /** Sequence of the last event that is in the balances. */
  get position(): number {
    return this.#position;
  }

  get balances(): Balances {
    return this.#balances;
  }

  /** Events to be stored: new ones, and those whose state changed. */
  get changed(): readonly KnownEvent[] {
    return [...this.#changed]
      .sort((left, right) => left - right)
      .flatMap((sequence) => this.#known.get(sequence) ?? []);
  }

  #set(event: KnownEvent): void {
    this.#known.set(event.sequence, event);
    this.#changed.add(event.sequence);
  }

  /**
   * Takes an event in; nothing moves before {@link settle}. Undefined: {@link outcomeOf} tells when it has.
   *
   * @param byId what is stored under the event's id, be it of another person
   */
  take(event: SpendingEvent, byId: KnownEvent | undefined): EventOutcome | undefined {
    const { sequence, eventId, contentHash } = event;
    if (byId !== undefined && byId.contentHash !== contentHash) return { kind: 'conflict', of: 'id', eventId };
    if (byId !== undefined && (byId.state === 'applied' || byId.state === 'contained')) return { kind: 'repeat' };
    const there = this.#known.get(sequence);
    if (there !== undefined && there.eventId !== eventId && there.state !== 'refused') {
      return { kind: 'conflict', of: 'sequence', eventId: there.eventId };
    }
    if (there?.eventId === eventId && there.contentHash !== contentHash) return { kind: 'conflict', of: 'id', eventId };
    if (sequence <= this.#position) {
      if (there === undefined) this.#set({ ...event, state: 'contained', reason: undefined });
      return { kind: 'contained' };
    }
    if (sequence > this.#position + AHEAD_MAX) return { kind: 'tooFarAhead', most: this.#position + AHEAD_MAX };
    if (there?.eventId !== eventId) this.#set({ ...event, state: 'waiting', reason: undefined });
    return undefined;
  }

  /** Applies every event that follows on, up to one that is missing or refused. */
  settle(): void {
    for (;;) {
      const next = this.#known.get(this.#position + 1);
      if (next === undefined) return;
      const moved = move(this.#balances, [next.change]);
      if (moved.kind === 'belowZero') {
        if (next.state !== 'refused' || next.reason !== moved.what) {
          this.#set({ ...next, state: 'refused', reason: moved.what });
        }
        return;
      }
      this.#balances = moved.balances;
      this.#position = next.sequence;
      this.#set({ ...next, state: 'applied', reason: undefined });
    }
  }

  /** What became of an event that {@link take} took, after {@link settle}. */
  outcomeOf({ sequence }: SpendingEvent): EventOutcome {
    if (sequence <= this.#position) return { kind: 'applied' };
    const { state, reason = '' } = this.#known.get(sequence) ?? {};
    if (state === 'refused') return { kind: 'belowZero', what: reason };
    return { kind: 'waiting', missing: this.#position + 1 };
  }

  /**
   * Starts again from a fund's snapshot: its balances, what the engine moved by itself that is not in it, and the events
   * after it that were applied already. Events that it contains are done with, whether they came or not.
   *
   * @shape outdated: events after the snapshot are not all there one by one, because a later snapshot contained them
   */
  restart({ balances, sequence }: Snapshot, own: readonly BalanceChange[]): Moved | { readonly kind: 'outdated' } {
    const later: BalanceChange[] = [];
    for (let at = sequence + 1; at <= this.#position; at++) {
      const event = this.#known.get(at);
      if (event?.state !== 'applied') return { kind: 'outdated' };
      later.push(event.change);
    }
    const moved = move(balances, [...own, ...later]);
    if (moved.kind === 'belowZero') return moved;
    this.#balances = moved.balances;
    for (const event of [...this.#known.values()]) {
      const isIn = event.sequence > this.#position && event.sequence <= sequence;
      if (isIn) this.#set({ ...event, state: 'contained', reason: undefined });
    }
    this.#position = Math.max(this.#position, sequence);
    return moved;
  }
}
