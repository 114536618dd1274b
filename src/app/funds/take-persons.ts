import { EventStream } from '../../core/copy/event-stream.ts';
import { negated, type BalanceChange, type Balances } from '../../core/copy/balances.ts';
import { invariant } from '../../core/invariant.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StoredSettlement } from '../ports.ts';
import { documentOf } from '../settlement/read-settlement.ts';
import { changedBalances } from './changed-balances.ts';
import type { CopyStore, FedPerson, FeedNeed, FeedState, FeedWrites, PersonCopy } from './ports.ts';

/** What became of one person's copy. */
export type TakenPerson = { readonly personId: string } & (
  | { readonly kind: 'taken'; readonly created: boolean }
  /** A newer copy is there: this one changes nothing. */
  | { readonly kind: 'outdated' }
  /** Somebody insured elsewhere has this id. */
  | { readonly kind: 'foreign' }
  /** The advice that the balances are to contain is none of this person's. */
  | { readonly kind: 'unknownAdvice' }
  /** The balances are older than a snapshot that was taken, so that what came between is not known one by one. */
  | { readonly kind: 'outdatedBalances' }
  /** With what the engine settled and was told since, this would be below 0. */
  | { readonly kind: 'belowZero'; readonly what: string }
);

/** What taking persons needs from outside. */
export interface TakeDeps {
  readonly copies: Pick<CopyStore, 'feed'>;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
}

const PERSONS_A_TRANSACTION = 500;
const NO_WRITES: FeedWrites = { persons: [], accounts: [], accumulators: [], positions: [], events: [] };
const NOTHING: Balances = { accumulators: {}, accounts: { current: 0, carried: 0 } };

/**
 * Takes copies of a fund's own people, each whole or not at all. A fund's balances lag behind: what the engine settled
 * after the last advice in them, and events after the last one in them, are added to them, so that nothing is lost and
 * nothing counted twice.
 *
 * @param only `check` writes nothing and says what would become of each
 * @shape copies, one a person → outcomes in the same order
 * @rejects per person: outdated, foreign, unknownAdvice, outdatedBalances, belowZero
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY (retryable; taking the same again changes nothing)
 * @source design §8
 */
export async function takePersons(
  deps: TakeDeps,
  region: string,
  copies: readonly PersonCopy[],
  only: 'check' | 'take' = 'take',
): Promise<TakenPerson[]> {
  const outcomes: TakenPerson[] = [];
  for (let from = 0; from < copies.length; from += PERSONS_A_TRANSACTION) {
    const some = copies.slice(from, from + PERSONS_A_TRANSACTION);
    const taken = await deps.copies.feed(needOf(region, some, only === 'take'), (state) => {
      const { writes, result } = decide(deps, region, some, state);
      return { writes: only === 'take' ? writes : NO_WRITES, result };
    });
    outcomes.push(...taken);
  }
  return outcomes;
}

function needOf(region: string, copies: readonly PersonCopy[], makes: boolean): FeedNeed {
  const personIds = copies.map(({ person }) => person.id);
  invariant(new Set(personIds).size === personIds.length, 'a batch holds each person once');
  const since = copies.flatMap(({ person, balances }) =>
    balances === undefined
      ? []
      : [
          [
            person.id,
            {
              sequence: balances.contains.eventSequence,
              settlementId: balances.contains.lastAdvice ?? '',
              of: [person.id, ...person.sharesAccountWith],
            },
          ] as const,
        ],
  );
  const facts = copies.some(({ keeps = [] }) => keeps.length > 0);
  return { region, personIds, makes, facts, eventIds: [], sequences: [], since: new Map(since) };
}

interface Collected {
  readonly persons: FeedWrites['persons'][number][];
  readonly accounts: FeedWrites['accounts'][number][];
  readonly accumulators: FeedWrites['accumulators'][number][];
  readonly positions: FeedWrites['positions'][number][];
  readonly events: FeedWrites['events'][number][];
}

function decide(
  { rulebook, clock }: TakeDeps,
  region: string,
  copies: readonly PersonCopy[],
  state: FeedState,
): { writes: FeedWrites; result: TakenPerson[] } {
  const writes: Collected = { persons: [], accounts: [], accumulators: [], positions: [], events: [] };
  const rules = rulebook();
  const byPerson = Map.groupBy(state.settlements.values(), ({ row }) => row.personId);
  const result = copies.map((copy): TakenPerson => {
    const personId = copy.person.id;
    const stored = state.persons.get(personId);
    if (stored !== undefined && stored.homeRegion !== region) return { personId, kind: 'foreign' };
    if (stored !== undefined && copy.asOfMs < stored.copiedAtMs) return { personId, kind: 'outdated' };
    const refusal = takeBalances(copy, stored, byPerson, state, rules, clock.now(), writes);
    if (refusal !== undefined) return refusal;
    writes.persons.push({ person: { ...copy.person, ...keptOf(copy, stored) }, copiedAtMs: copy.asOfMs });
    return { personId, kind: 'taken', created: stored === undefined };
  });
  return { writes, result };
}

/** What is stored of it where the fund said nothing. */
function keptOf({ keeps = [] }: PersonCopy, stored: FedPerson | undefined) {
  return Object.fromEntries(keeps.map((list) => [list, stored?.facts?.[list] ?? []]));
}

function takeBalances(
  { person, balances }: PersonCopy,
  stored: FedPerson | undefined,
  byPerson: ReadonlyMap<string, readonly StoredSettlement[]>,
  { settlements }: FeedState,
  rulebook: Rulebook,
  nowMs: number,
  writes: Collected,
): TakenPerson | undefined {
  const personId = person.id;
  const before = stored?.balances;
  const stream = new EventStream(stored?.position ?? 0, before ?? NOTHING, stored?.events ?? []);
  if (balances !== undefined) {
    const { eventSequence, lastAdvice } = balances.contains;
    const about = [personId, ...person.sharesAccountWith].flatMap((id) => byPerson.get(id) ?? []);
    if (lastAdvice !== undefined && !about.some(({ row }) => row.settlementId === lastAdvice)) {
      return { personId, kind: 'unknownAdvice' };
    }
    const later = about.filter(({ row }) => row.settlementId > (lastAdvice ?? ''));
    const own = later.map((settlement) => movedFor(personId, settlement, settlements, rulebook));
    const { accumulators, accounts } = balances;
    const restarted = stream.restart({ balances: { accumulators, accounts }, sequence: eventSequence }, own);
    if (restarted.kind === 'outdated') return { personId, kind: 'outdatedBalances' };
    if (restarted.kind === 'belowZero') return { personId, kind: 'belowZero', what: restarted.what };
    stream.settle();
  }
  const changed = changedBalances(personId, before, stream.balances);
  writes.accounts.push(...changed.accounts);
  writes.accumulators.push(...changed.accumulators);
  if (stream.position !== (stored?.position ?? 0)) writes.positions.push({ personId, sequence: stream.position });
  writes.events.push(...stream.changed.map((event) => ({ event, receivedAtMs: nowMs })));
  return undefined;
}

/** What a settlement or reversal moved for a person: the patient, or the relative whose account paid too. */
function movedFor(
  personId: string,
  { row, ...settlement }: StoredSettlement,
  settlements: ReadonlyMap<string, StoredSettlement>,
  rulebook: Rulebook,
): BalanceChange {
  const original = row.reverses === undefined ? { row, ...settlement } : settlements.get(row.reverses);
  invariant(original !== undefined, 'what a reversal reverses is stored');
  const { verdict, familyPayer } = documentOf(original, rulebook);
  const { current, carried, family } = verdict.accounts;
  const isPatient = row.personId === personId;
  const ofFamily = familyPayer === personId ? family : 0;
  const moved: BalanceChange = {
    accumulators: isPatient
      ? verdict.accumulators.map(({ bucket, name, before, after }) => ({ bucket, name, change: after - before }))
      : [],
    accounts: { current: isPatient ? 0 - current : 0, carried: (isPatient ? 0 - carried : 0) - ofFamily },
  };
  return row.reverses === undefined ? moved : negated(moved);
}
