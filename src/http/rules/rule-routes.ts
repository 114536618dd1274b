import { get, post, type Route } from '../route.ts';
import * as problems from '../schemas/problems.ts';
import * as rules from '../schemas/rules.ts';
import { listRules, reloadRules } from './rule-endpoints.ts';

/** Rules in force, and loading them again. */
export const RULE_ROUTES: readonly Route[] = [
  get('/v1/rules', {
    tag: 'Rules',
    summary: 'Policies and catalogues that bills are settled by: every version with its days and its hash.',
    callers: ['operator', 'fund', 'institution'],
    answers: { 200: rules.rulesAnswer },
    handle: listRules,
  }),
  post('/v1/rules', {
    tag: 'Rules',
    summary:
      'Load the rules of the process that answers again, from its files. With any error the rules in force stay; otherwise the next bill is settled by the new ones.',
    callers: ['operator'],
    answers: { 200: rules.rulesAnswer },
    problems: { 422: problems.rulesRefused },
    handle: reloadRules,
  }),
];
