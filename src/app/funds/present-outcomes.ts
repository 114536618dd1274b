import type { FieldProblem } from '../../platform/errors.ts';
import type { AppliedEvent } from './apply-accumulator-events.ts';
import type { TakenPerson } from './take-persons.ts';

/** Why something was refused, by code, in words, and by field where fields are wrong. */
export interface FeedRefusal {
  readonly code: string;
  readonly detail: string;
  readonly fields?: readonly FieldProblem[];
}

/** Why an event was refused; undefined when it was not. */
export function eventRefusal(event: AppliedEvent): FeedRefusal | undefined {
  switch (event.kind) {
    case 'applied':
    case 'waiting':
    case 'repeat':
    case 'contained':
      return undefined;
    case 'unknownPerson':
      return { code: 'UNKNOWN_PERSON', detail: 'nobody of this county has this id' };
    case 'notUnderstood':
      return { code: 'NOT_UNDERSTOOD', detail: 'the event has bad fields', fields: event.problems };
    case 'belowZero':
      return { code: 'BELOW_ZERO', detail: `it would take ${event.what} below 0` };
    case 'conflict':
      return event.of === 'id'
        ? { code: 'EVENT_CONFLICT', detail: 'an event of this id came before and said something else' }
        : { code: 'SEQUENCE_CONFLICT', detail: `its sequence is that of event ${event.eventId}` };
    case 'tooFarAhead':
      return { code: 'TOO_FAR_AHEAD', detail: `no event after ${event.most} is held for this person now` };
  }
}

/** Why a person's copy was refused; undefined when it was not. */
export function personRefusal(person: TakenPerson): FeedRefusal | undefined {
  switch (person.kind) {
    case 'taken':
    case 'outdated':
      return undefined;
    case 'foreign':
      return { code: 'NOT_FOUND', detail: 'the person is not one of this county' };
    case 'unknownAdvice':
      return { code: 'UNKNOWN_ADVICE', detail: 'the balances name an advice that is none of this person' };
    case 'outdatedBalances':
      return { code: 'BALANCES_OUTDATED', detail: 'a later snapshot of this person was taken' };
    case 'belowZero':
      return { code: 'BELOW_ZERO', detail: `with what was settled since, ${person.what} would be below 0` };
  }
}
