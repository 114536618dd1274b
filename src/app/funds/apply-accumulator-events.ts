import { createHash } from 'node:crypto';
import { EventStream, type EventOutcome, type KnownEvent, type SpendingEvent } from '../../core/copy/event-stream.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Clock } from '../../platform/clock.ts';
import type { FieldProblem } from '../../platform/errors.ts';
import { changedBalances } from './changed-balances.ts';
import { readChange } from './fund-words.ts';
import type { CopyStore, EventText, FedPerson, FeedState, FeedWrites } from './ports.ts';

/** What became of one event. */
export type AppliedEvent = { readonly eventId: string } & (
  | EventOutcome
  /** Nobody, or somebody insured elsewhere. */
  | { readonly kind: 'unknownPerson' }
  /** An accumulator that the person's policies do not have, or an amount that is none. */
  | { readonly kind: 'notUnderstood'; readonly problems: readonly FieldProblem[] }
);

/** What applying needs from outside. */
export interface EventDeps {
  readonly copies: Pick<CopyStore, 'feed'>;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
}

const PERSONS_A_TRANSACTION = 100;

function hashOf({ personId, sequence, accumulators, accounts, occurredAt }: EventText): string {
  const purses = accounts === undefined ? null : [accounts.current, accounts.carried];
  const moved = accumulators.map(({ bucket, name, change }) => [bucket, name, change]);
  return createHash('sha256')
    .update(JSON.stringify([personId, sequence, moved, purses, occurredAt]))
    .digest('hex');
}

/**
 * Applies events of a fund's own people: each exactly once, in the order of its person's sequence, whatever is repeated
 * or swapped. One that is early is held; one that is wrong is refused by name and everybody else's go on, while later ones
 * of the same person wait until the fund sends what is right under that sequence, or a snapshot that contains it.
 *
 * @shape events → outcomes in the same order
 * @rejects per event: unknownPerson, notUnderstood, belowZero, conflict, tooFarAhead
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY (retryable; what was applied before is found as a repeat)
 * @source design §8
 */
export async function applyAccumulatorEvents(
  deps: EventDeps,
  region: string,
  events: readonly EventText[],
): Promise<AppliedEvent[]> {
  const outcomes: AppliedEvent[] = [];
  const byPerson = [...Map.groupBy(events.entries(), ([, { personId }]) => personId)].sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  for (let from = 0; from < byPerson.length; from += PERSONS_A_TRANSACTION) {
    const some = byPerson.slice(from, from + PERSONS_A_TRANSACTION);
    const entries = some.flatMap(([, own]) => own);
    const applied = await applySome(
      deps,
      region,
      entries.map(([, event]) => event),
    );
    entries.forEach(([at], index) => {
      outcomes[at] = applied[index] as AppliedEvent;
    });
  }
  return outcomes;
}

function applySome(deps: EventDeps, region: string, events: readonly EventText[]): Promise<AppliedEvent[]> {
  const need = {
    region,
    personIds: [...new Set(events.map(({ personId }) => personId))],
    makes: false,
    facts: false,
    eventIds: [...new Set(events.map(({ eventId }) => eventId))],
    sequences: [...new Set(events.map(({ sequence }) => sequence))],
    since: new Map(),
  };
  return deps.copies.feed(need, (state) => decide(deps, region, events, state));
}

interface Stream {
  readonly person: FedPerson;
  readonly stream: EventStream;
}

function decide(
  { rulebook, clock }: EventDeps,
  region: string,
  events: readonly EventText[],
  { persons, eventsById }: FeedState,
): { writes: FeedWrites; result: AppliedEvent[] } {
  const nowMs = clock.now();
  const streams = new Map<string, Stream>();
  for (const [personId, person] of persons) {
    if (person.homeRegion !== region) continue;
    streams.set(personId, { person, stream: new EventStream(person.position, person.balances, person.events) });
  }
  // Ids that came before, and those that came earlier in this batch.
  const byId = new Map<string, KnownEvent>(eventsById);
  const taken = events.map((text): (() => AppliedEvent) => {
    const { eventId, personId, sequence } = text;
    const own = streams.get(personId);
    if (own === undefined) return () => ({ eventId, kind: 'unknownPerson' });
    const read = readChange(rulebook(), own.person, text, nowMs);
    if ('problems' in read) return () => ({ eventId, kind: 'notUnderstood', problems: read.problems });
    const event: SpendingEvent = { eventId, personId, sequence, contentHash: hashOf(text), ...read };
    const outcome = own.stream.take(event, byId.get(eventId));
    const isKept = outcome === undefined || outcome.kind === 'contained';
    if (isKept && !byId.has(eventId)) byId.set(eventId, { ...event, state: 'waiting', reason: undefined });
    return () => ({ eventId, ...(outcome ?? own.stream.outcomeOf(event)) });
  });
  for (const { stream } of streams.values()) stream.settle();
  return { writes: writesOf(streams, nowMs), result: taken.map((outcome) => outcome()) };
}

function writesOf(streams: ReadonlyMap<string, Stream>, nowMs: number): FeedWrites {
  const all = [...streams];
  const balances = all.map(([personId, { person, stream }]) =>
    changedBalances(personId, person.balances, stream.balances),
  );
  return {
    persons: [],
    accounts: balances.flatMap(({ accounts }) => accounts),
    accumulators: balances.flatMap(({ accumulators }) => accumulators),
    positions: all.flatMap(([personId, { person, stream }]) =>
      stream.position === person.position ? [] : [{ personId, sequence: stream.position }],
    ),
    events: all.flatMap(([, { stream }]) => stream.changed.map((event) => ({ event, receivedAtMs: nowMs }))),
  };
}
