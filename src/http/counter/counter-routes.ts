import { watch, type Route } from '../route.ts';
import * as counter from '../schemas/counter.ts';
import * as problems from '../schemas/problems.ts';
import { streamCounter } from './counter-endpoints.ts';

/** What the display at a counter watches. */
export const COUNTER_ROUTES: readonly Route[] = [
  watch('/v1/counters/:institution/events', {
    tag: 'Counter',
    summary: 'Server-sent events for the display at a counter: the latest bills, then each as it happens.',
    callers: ['display'],
    query: counter.counterQuery,
    events: { counter: counter.counterGreeting, settled: counter.counterEvent, reversed: counter.counterEvent },
    problems: { 404: problems.problem },
    stream: streamCounter,
  }),
];
