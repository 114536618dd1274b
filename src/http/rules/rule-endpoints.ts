import type { RulesInForce } from '../../app/ports.ts';
import { AppError } from '../../platform/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Reply } from '../route.ts';
import type { RulesRefused } from '../schemas/problems.ts';
import type { RulesAnswer } from '../schemas/rules.ts';

function presentRules({ policies, catalogues }: RulesInForce): RulesAnswer {
  return {
    policies: policies.map(({ policy: { region, scheme, id, from, to, hash }, values }) => {
      return { region, scheme, id, from, to, hash, values };
    }),
    catalogues: catalogues.map(({ catalogue: { region, from, to, hash, items } }) => {
      return { region, from, to, hash, items: items.size };
    }),
  };
}

/** GET /v1/rules: every version that bills are settled by, with its days. */
export async function listRules({ rulesInForce }: HttpDeps): Promise<Reply<RulesAnswer>> {
  return { status: 200, body: presentRules(rulesInForce()) };
}

/**
 * POST /v1/rules: all files are loaded again, or none.
 *
 * @throws AppError RULES_REFUSED with every error of every file; the rules in force stay
 */
export async function reloadRules(deps: HttpDeps): Promise<Reply<RulesAnswer>> {
  const outcome = await deps.reloadRules();
  if (outcome.ok) return { status: 200, body: presentRules(outcome.rules) };
  const extra: Pick<RulesRefused, 'errors'> = { errors: [...outcome.errors] };
  throw new AppError('RULES_REFUSED', 'the files have errors; the rules in force stay', {
    status: 422,
    help: 'correct the files named and send the request again',
    extra,
  });
}
