import { applyAccumulatorEvents, type AppliedEvent } from '../../app/funds/apply-accumulator-events.ts';
import { eventRefusal, personRefusal, type FeedRefusal } from '../../app/funds/present-outcomes.ts';
import { readFeeds, type CountyFeeds } from '../../app/funds/read-feeds.ts';
import { readPersonCopy } from '../../app/funds/read-person-copy.ts';
import { takePersons, type TakenPerson } from '../../app/funds/take-persons.ts';
import { AppError, invalidInput, notFound, type FieldProblem } from '../../platform/errors.ts';
import { optionalInstant } from '../../platform/instant.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type {
  AccumulatorEvents,
  FeedsAnswer,
  PersonCopies,
  PersonCopyBody,
  TakenEvents,
  TakenPersonBody,
  TakenPersons,
} from '../schemas/persons.ts';

function spread({ code, detail, fields }: FeedRefusal) {
  return { outcome: 'refused' as const, code, detail, ...(fields !== undefined && { fields: [...fields] }) };
}

function presentPerson(person: TakenPerson): TakenPersonBody {
  const { personId } = person;
  const refusal = personRefusal(person);
  if (refusal !== undefined) return { personId, ...spread(refusal) };
  if (person.kind !== 'taken') return { personId, outcome: 'outdated' };
  return { personId, outcome: person.created ? 'created' : 'replaced' };
}

/** Takes those that make sense; says of the others what does not. */
async function takeAll(deps: HttpDeps, region: string, bodies: readonly PersonCopyBody[]): Promise<TakenPersonBody[]> {
  const nowMs = deps.clock.now();
  const read = bodies.map((body) => readPersonCopy(deps.rulebook(), region, body, nowMs));
  const sound = read.flatMap((one) => (one.problems === undefined ? [one.copy] : []));
  const taken = new Map((await takePersons(deps, region, sound)).map((person) => [person.personId, person]));
  return bodies.map(({ personId }, at) => {
    const { problems } = read[at] ?? {};
    const person = taken.get(personId);
    const answer =
      problems !== undefined || person === undefined
        ? {
            personId,
            ...spread({ code: 'NOT_UNDERSTOOD', detail: 'the person has bad fields', fields: problems ?? [] }),
          }
        : presentPerson(person);
    deps.metrics.fed('person', region, answer.outcome);
    return answer;
  });
}

/** POST /v1/persons: copies of a fund's own people, each whole or not at all. */
export async function pushPersons(
  deps: HttpDeps,
  { caller, body: { persons } }: Call<PersonCopies>,
): Promise<Reply<TakenPersons>> {
  const first = new Map<string, number>();
  const twice: FieldProblem[] = [];
  persons.forEach(({ personId }, at) => {
    if (first.has(personId)) twice.push({ field: `persons[${at}].personId`, problem: 'is there twice' });
    first.set(personId, at);
  });
  if (twice.length > 0) throw invalidInput(twice);
  return { status: 200, body: { persons: await takeAll(deps, caller.id, persons) } };
}

const STATUS: Readonly<Record<string, number>> = { BALANCES_OUTDATED: 409 };

/**
 * PUT /v1/persons/:id: the copy of one person.
 *
 * @throws AppError NOT_FOUND (also for another county's person), INVALID_INPUT, UNKNOWN_ADVICE, BALANCES_OUTDATED, BELOW_ZERO
 */
export async function putPerson(
  deps: HttpDeps,
  { caller, params, body }: Call<PersonCopyBody>,
): Promise<Reply<TakenPersonBody>> {
  if (params['id'] !== body.personId) throw invalidInput([{ field: 'personId', problem: 'is not that of the path' }]);
  const [taken] = await takeAll(deps, caller.id, [body]);
  if (taken === undefined || taken.code === 'NOT_FOUND') throw notFound('person');
  const { outcome, code, detail = '', fields } = taken;
  if (outcome !== 'refused' || code === undefined) return { status: 200, body: taken };
  if (code === 'NOT_UNDERSTOOD') throw invalidInput(fields ?? []);
  throw new AppError(code, detail, { status: STATUS[code] ?? 422, help: 'send the person again as they are now' });
}

function presentEvent(event: AppliedEvent): TakenEvents['events'][number] {
  const { eventId } = event;
  const refusal = eventRefusal(event);
  if (refusal !== undefined) return { eventId, ...spread(refusal) };
  if (event.kind === 'waiting') return { eventId, outcome: 'waiting', waitsFor: event.missing };
  return { eventId, outcome: event.kind as 'applied' | 'repeat' | 'contained' };
}

/** POST /v1/accumulator-events: spending at home, each event once and in the order of its person. */
export async function pushAccumulatorEvents(
  deps: HttpDeps,
  { caller, body }: Call<AccumulatorEvents>,
): Promise<Reply<TakenEvents>> {
  const applied = await applyAccumulatorEvents(deps, caller.id, body.events);
  const events = applied.map(presentEvent);
  for (const { outcome } of events) deps.metrics.fed('event', caller.id, outcome);
  return { status: 200, body: { events } };
}

function presentFeeds({ region, asOfMs, eventsWaiting, eventsRefused, pulls }: CountyFeeds) {
  return {
    region,
    asOf: optionalInstant(asOfMs),
    eventsWaiting,
    eventsRefused,
    pulls: pulls.map(({ feed, position, refused, caughtUpAtMs, askedAtMs, lastError }) => {
      return {
        feed,
        position,
        refused,
        caughtUpAt: optionalInstant(caughtUpAtMs),
        askedAt: optionalInstant(askedAtMs),
        lastError,
      };
    }),
  };
}

/** GET /v1/feeds: how each county's copy stands; a fund sees its own. */
export async function listFeeds(deps: HttpDeps, { caller }: Call): Promise<Reply<FeedsAnswer>> {
  const all = await readFeeds(deps);
  const seen = caller.kind === 'operator' ? all : all.filter(({ region }) => region === caller.id);
  return { status: 200, body: { feeds: seen.map(presentFeeds) } };
}
