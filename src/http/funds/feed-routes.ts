import { get, post, put, type Route } from '../route.ts';
import * as persons from '../schemas/persons.ts';
import * as problems from '../schemas/problems.ts';
import { listFeeds, pushAccumulatorEvents, pushPersons, putPerson } from './feed-endpoints.ts';

/** What home funds push, and how the copy stands that it goes into. */
export const FEED_ROUTES: readonly Route[] = [
  put('/v1/persons/:id', {
    tag: 'Copy',
    summary: 'Put one of a fund’s own people into the copy, or replace them. An older copy never replaces a newer one.',
    callers: ['fund'],
    body: persons.personCopy,
    answers: { 200: persons.takenPerson },
    problems: { 404: problems.problem, 409: problems.problem, 422: problems.problem },
    handle: putPerson,
  }),
  post('/v1/persons', {
    tag: 'Copy',
    summary: 'Put many of a fund’s own people into the copy, each whole or not at all.',
    callers: ['fund'],
    body: persons.personCopies,
    answers: { 200: persons.takenPersons },
    handle: pushPersons,
  }),
  post('/v1/accumulator-events', {
    tag: 'Copy',
    summary:
      'Report spending at home. Each event is applied once and in the order of its person, whatever is repeated or swapped; each has its own outcome.',
    callers: ['fund'],
    body: persons.accumulatorEvents,
    answers: { 200: persons.takenEvents },
    handle: pushAccumulatorEvents,
  }),
  get('/v1/feeds', {
    tag: 'Copy',
    summary: 'How old each county’s copy is, which events are held back, and how far its feeds were pulled.',
    callers: ['operator', 'fund'],
    answers: { 200: persons.feedsAnswer },
    handle: listFeeds,
  }),
];
