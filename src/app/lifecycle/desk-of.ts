import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../ports.ts';

/** A person at a desk: a clerk of a county, or an operator, who stands above the counties. */
export interface DeskPerson {
  readonly desk: string;
  readonly person: string;
}

/** The desk of operators. */
const OPERATOR_DESK = 'operator';

/**
 * The desk that a person makes and checks proposals at.
 *
 * @throws AppError FORBIDDEN for callers that are no persons
 */
export function deskOf({ kind, id, region }: Principal): DeskPerson {
  if (kind === 'operator') return { desk: OPERATOR_DESK, person: id };
  if (kind === 'clerk' && region !== undefined) return { desk: region, person: id };
  throw new AppError('FORBIDDEN', 'only a person can propose and check', {
    status: 403,
    help: 'sign in as a clerk of the county',
  });
}
