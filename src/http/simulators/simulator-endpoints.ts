import { notFound } from '../../platform/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type { FundFaults } from '../schemas/simulators.ts';

function switchOf({ simulators }: HttpDeps, region: string | undefined) {
  const found = simulators.get(region ?? '');
  if (found === undefined) throw notFound('simulator');
  return found;
}

/** GET /v1/simulators/:region/faults: how a simulated fund system misbehaves now. */
export async function getFaults(deps: HttpDeps, { params }: Call): Promise<Reply<FundFaults>> {
  return { status: 200, body: switchOf(deps, params['region']).faults() };
}

/**
 * POST /v1/simulators/:region/faults: how it is to misbehave from now on.
 *
 * @throws AppError NOT_FOUND where no simulator runs, as in production
 */
export async function setFaults(deps: HttpDeps, { params, body }: Call<FundFaults>): Promise<Reply<FundFaults>> {
  const simulator = switchOf(deps, params['region']);
  simulator.setFaults(body);
  return { status: 200, body: simulator.faults() };
}
