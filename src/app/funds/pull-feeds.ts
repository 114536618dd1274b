import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { applyAccumulatorEvents } from './apply-accumulator-events.ts';
import { eventRefusal, personRefusal } from './present-outcomes.ts';
import type { FeedName, FeedPage, FeedPosition, FeedStore, FundReader, PersonText } from './ports.ts';
import { readPersonCopy } from './read-person-copy.ts';
import { takePersons, type TakeDeps } from './take-persons.ts';

/** What pulling needs from outside. */
export interface PullDeps extends TakeDeps {
  readonly feeds: Pick<FeedStore, 'position' | 'moved'>;
  readonly clock: Clock;
  /** Hears of every person and event that is refused. */
  readonly onRefused: (refused: RefusedItem) => void;
}

/** A person or event of a feed that was left out. */
export interface RefusedItem {
  readonly region: string;
  readonly feed: FeedName;
  /** Id of the person or event, or its place in the page when it could not be read. */
  readonly item: string;
  readonly code: string;
  readonly detail: string;
}

/** What one round came to. */
export interface PullRound {
  readonly items: number;
  readonly refused: number;
  /** Why the round ended early: the partner, or our breaker. */
  readonly error: AppError | undefined;
}

/** Pages of one feed in one round: a fund that always says "more" must not keep the other feed waiting for ever. */
const PAGES_MAX = 50;

type Taken = Omit<RefusedItem, 'region' | 'feed'>[];

/** Takes the persons of a page; of one who comes twice the later one counts, as they would one after the other. */
async function takePage(deps: PullDeps, region: string, page: FeedPage<PersonText>): Promise<Taken> {
  const nowMs = deps.clock.now();
  const refused: Taken = [];
  const latest = new Map<string, PersonText>();
  for (const person of page.items) {
    const known = latest.get(person.personId);
    if (known === undefined || Date.parse(known.asOf) <= Date.parse(person.asOf)) latest.set(person.personId, person);
  }
  const copies = [...latest.values()].flatMap((person) => {
    const read = readPersonCopy(deps.rulebook(), region, person, nowMs);
    if (read.problems === undefined) return [read.copy];
    const detail = read.problems.map(({ field, problem }) => `${field} ${problem}`).join('; ');
    refused.push({ item: person.personId, code: 'NOT_UNDERSTOOD', detail });
    return [];
  });
  for (const person of await takePersons(deps, region, copies)) {
    const refusal = personRefusal(person);
    if (refusal !== undefined) refused.push({ item: person.personId, code: refusal.code, detail: refusal.detail });
  }
  return refused;
}

async function applyPage(deps: PullDeps, region: string, page: Awaited<ReturnType<FundReader['accumulatorEvents']>>) {
  const refused: Taken = [];
  for (const event of await applyAccumulatorEvents(deps, region, page.items)) {
    const refusal = eventRefusal(event);
    if (refusal !== undefined) refused.push({ item: event.eventId, code: refusal.code, detail: refusal.detail });
  }
  return refused;
}

/** What is kept of a failure: our code, the partner's own, and words. */
function wordsOf({ code, message, extra }: AppError): string {
  const partnerCode = extra['partnerCode'];
  return `${code}${typeof partnerCode === 'string' ? ` (${partnerCode})` : ''}: ${message}`;
}

async function pullFeed<T>(
  deps: PullDeps,
  region: string,
  feed: FeedName,
  ask: (after: string) => Promise<FeedPage<T>>,
  use: (page: FeedPage<T>) => Promise<Taken>,
  signal: AbortSignal | undefined,
): Promise<PullRound> {
  let at: FeedPosition = await deps.feeds.position(region, feed);
  let [items, refusals] = [0, 0];
  for (let pages = 0; pages < PAGES_MAX && signal?.aborted !== true; pages++) {
    // What is in the answer was so when it was asked for, or later.
    const askedAtMs = deps.clock.now();
    try {
      const page = await ask(at.position);
      const unreadable = page.unreadable.map(({ field, problem }) => ({
        item: field,
        code: 'NOT_UNDERSTOOD',
        detail: problem,
      }));
      const refused = [...unreadable, ...(await use(page))];
      for (const one of refused) deps.onRefused({ region, feed, ...one });
      items += page.items.length;
      refusals += refused.length;
      // A mark that does not move while there is more would be asked for ever.
      const isStuck = page.more && page.next === at.position;
      at = {
        ...at,
        position: page.next,
        refused: at.refused + refused.length,
        caughtUpAtMs: page.more ? at.caughtUpAtMs : askedAtMs,
        askedAtMs,
        lastError: isStuck ? 'ANSWER_NOT_UNDERSTOOD: there is more, behind the same mark' : undefined,
      };
      await deps.feeds.moved(at);
      if (!page.more || isStuck) break;
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('DATABASE_')) throw error;
      await deps.feeds.moved({ ...at, askedAtMs, lastError: wordsOf(error) });
      return { items, refused: refusals, error };
    }
  }
  return { items, refused: refusals, error: undefined };
}

/**
 * Pulls what changed at one fund since it was last asked: persons first, so that nobody is unknown whose events come.
 * A page is taken over before its mark is, so that a page that was taken twice changes nothing, and none is lost.
 *
 * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY (retryable); what the partner does wrong is kept with the feed
 * @source design §8
 */
export async function pullFeeds(deps: PullDeps, reader: FundReader, signal?: AbortSignal): Promise<PullRound> {
  const { region } = reader;
  const persons = await pullFeed(
    deps,
    region,
    'persons',
    (after) => reader.persons(after),
    (page) => takePage(deps, region, page),
    signal,
  );
  const events = await pullFeed(
    deps,
    region,
    'accumulatorEvents',
    (after) => reader.accumulatorEvents(after),
    (page) => applyPage(deps, region, page),
    signal,
  );
  return {
    items: persons.items + events.items,
    refused: persons.refused + events.refused,
    error: persons.error ?? events.error,
  };
}

/** The code of an answer that was understood, about a person whom it cannot be true of. */
export const PERSON_NOT_TAKEN = 'PERSON_NOT_TAKEN';

/**
 * Has a fresh look at one person and takes what the fund says: for whoever finds the copy too old.
 *
 * @shape person's id → true: the copy is fresh now; false: the fund does not know them
 * @throws AppError as FundReader.person does; PERSON_NOT_TAKEN, DATABASE_UNAVAILABLE (retryable)
 */
export async function lookAfresh(deps: TakeDeps, reader: FundReader, personId: string): Promise<boolean> {
  const person = await reader.person(personId);
  if (person === undefined) return false;
  const read = readPersonCopy(deps.rulebook(), reader.region, person, deps.clock.now());
  const fields = person.personId === personId ? (read.problems ?? []) : [{ field: 'personId', problem: 'is another' }];
  const copies = read.problems === undefined && fields.length === 0 ? [read.copy] : [];
  const [taken] = await takePersons(deps, reader.region, copies);
  if (taken?.kind === 'taken' || taken?.kind === 'outdated') return true;
  throw new AppError(PERSON_NOT_TAKEN, `${reader.region} said of a person what cannot be taken`, {
    status: 502,
    retryable: true,
    fields,
    extra: taken === undefined ? {} : { refused: taken.kind },
  });
}
