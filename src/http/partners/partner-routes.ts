import { get, post, type Route } from '../route.ts';
import * as partners from '../schemas/partners.ts';
import * as problems from '../schemas/problems.ts';
import { discardMessage, listDeadLetters, listPartners, resendMessage } from './partner-endpoints.ts';

/** The home funds' systems, and messages to them that were given up. */
export const PARTNER_ROUTES: readonly Route[] = [
  get('/v1/partners', {
    tag: 'Partners',
    summary: 'How the home funds’ systems do: breakers, calls, and what waits to be sent. A county sees its own.',
    callers: ['fund', 'clerk', 'operator'],
    answers: { 200: partners.partnerList },
    handle: listPartners,
  }),
  get('/v1/outbox/dead-letters', {
    tag: 'Partners',
    summary: 'Messages that were given up, with the reason. A county sees those for its own fund.',
    callers: ['fund', 'clerk', 'operator'],
    query: partners.deadLetterQuery,
    answers: { 200: partners.deadLetterList },
    handle: listDeadLetters,
  }),
  post('/v1/outbox/:id/resend', {
    tag: 'Partners',
    summary: 'Try a dead letter again; what waits behind it follows.',
    callers: ['clerk', 'operator'],
    body: partners.deadLetterDecision,
    answers: { 200: partners.deadLetterDecided },
    problems: { 404: problems.problem },
    handle: resendMessage,
  }),
  post('/v1/outbox/:id/discard', {
    tag: 'Partners',
    summary: 'Never send a dead letter; what waits behind it goes out.',
    callers: ['clerk', 'operator'],
    body: partners.deadLetterDecision,
    answers: { 200: partners.deadLetterDecided },
    problems: { 404: problems.problem },
    handle: discardMessage,
  }),
];
