import { get, post, type Route } from '../route.ts';
import * as problems from '../schemas/problems.ts';
import * as simulators from '../schemas/simulators.ts';
import { getFaults, setFaults } from './simulator-endpoints.ts';

/** Faults on demand, where simulated fund systems run: the demo. */
export const SIMULATOR_ROUTES: readonly Route[] = [
  get('/v1/simulators/:region/faults', {
    tag: 'Simulators',
    summary: 'How the simulated fund system of a county misbehaves. There are simulators in the demo only.',
    callers: ['operator'],
    answers: { 200: simulators.fundFaults },
    problems: { 404: problems.problem },
    handle: getFaults,
  }),
  post('/v1/simulators/:region/faults', {
    tag: 'Simulators',
    summary: 'Make the simulated fund system of a county slow, faulty, silent, wrong or gone; what is not named works.',
    callers: ['operator'],
    body: simulators.fundFaults,
    answers: { 200: simulators.fundFaults },
    problems: { 404: problems.problem },
    handle: setFaults,
  }),
];
