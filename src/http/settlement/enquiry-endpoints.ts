import type { Principal } from '../../app/ports.ts';
import { checkEligibility } from '../../app/settlement/check-eligibility.ts';
import { presentAccumulators } from '../../app/settlement/present-accumulators.ts';
import { shanghaiDate } from '../../platform/clock.ts';
import { invalidInput, notFound } from '../../platform/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { refusalError } from './refusals.ts';
import type { Call, Reply } from '../route.ts';
import type { AccumulatorsAnswer, EligibilityAnswer, EligibilityRequest } from '../schemas/enquiries.ts';
import { institutionOf, wrongInstitution } from './settlement-endpoints.ts';

/** Where the treatment is to be: an institution asks for itself, a fund names one. */
function treatingInstitution(deps: HttpDeps, caller: Principal, named: string | undefined) {
  if (caller.kind === 'institution') {
    if (named !== undefined && named !== caller.id) throw wrongInstitution();
    return institutionOf(deps, caller);
  }
  const institution = named === undefined ? undefined : deps.findInstitution(named);
  if (institution !== undefined) return institution;
  const problem = named === undefined ? 'is missing' : 'is no institution the engine knows';
  throw invalidInput([{ field: 'institutionId', problem }]);
}

/** POST /v1/eligibility: whether a bill would be rejected, and why; a fund may ask about its own people. */
export async function askEligibility(
  deps: HttpDeps,
  { caller, body }: Call<EligibilityRequest>,
): Promise<Reply<EligibilityAnswer>> {
  const { personId, kind, visitDate, disease } = body;
  if (kind === 'specialDisease' && disease === undefined) {
    throw invalidInput([{ field: 'disease', problem: 'is needed for kind specialDisease' }]);
  }
  const institution = treatingInstitution(deps, caller, body.institutionId);
  const found = await checkEligibility(deps, { personId, kind, visitDate, disease, institution });
  if (found.kind !== 'checked') throw refusalError(found);
  // Another county's person is as unknown to a fund as nobody at all.
  const isOwn = caller.kind === 'institution' || found.answer.homeRegion === caller.id;
  if (!isOwn) throw refusalError({ kind: 'unknownPerson', field: 'personId' });
  return { status: 200, body: found.answer };
}

/** GET /v1/persons/:id/accumulators: how far a person's deductibles and caps are used. */
export async function getAccumulators(deps: HttpDeps, { caller, params }: Call): Promise<Reply<AccumulatorsAnswer>> {
  const state = await deps.persons.find(params['id'] ?? '');
  const isForeign = caller.kind === 'fund' && state?.person.homeRegion !== caller.id;
  if (state === undefined || isForeign) throw notFound('person');
  return { status: 200, body: presentAccumulators(state, deps.rulebook(), shanghaiDate(deps.clock.now())) };
}
