import type { ServerResponse } from 'node:http';
import { presentForCounter } from '../../app/settlement/present-counter.ts';
import { readLatest } from '../../app/settlement/read-settlement.ts';
import { notFound } from '../../platform/errors.ts';
import { callerOf, requireKind } from '../authenticate.ts';
import { REPLAYED } from './counter-events.ts';
import type { HttpDeps } from '../deps.ts';
import type { Asked } from '../route.ts';

/**
 * GET /v1/counters/:institution/events: the latest bills of a counter, then each as it is settled or reversed. A display
 * has no keyboard and a browser's event source no headers, so its key, good for nothing else, is given as `?token=`.
 */
export async function streamCounter(
  deps: HttpDeps,
  { request, params, query }: Asked,
  response: ServerResponse,
): Promise<void> {
  const { token } = query;
  const caller = callerOf(request, deps.authenticate, typeof token === 'string' ? token : undefined);
  requireKind(caller, ['display']);
  const institution = deps.findInstitution(params['institution'] ?? '');
  if (institution === undefined || caller.id !== institution.id) {
    throw notFound('counter');
  }
  const { id, name, nameEn } = institution;
  await deps.counterEvents.open(response, { institutionId: id, name, nameEn }, async () => {
    const latest = await readLatest(deps, id, REPLAYED);
    return latest.map(({ settlement, document }) =>
      presentForCounter(
        settlement,
        document,
        document.person.name,
        deps.findCounty(settlement.row.homeRegion),
        deps.rulebook(),
      ),
    );
  });
}
