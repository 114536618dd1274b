import { compareGuides, type Guide } from '../../core/casework/guides.ts';
import { invalidInput } from '../../platform/errors.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call, Reply } from '../route.ts';
import type { GuideComparison, GuidesQuery } from '../schemas/casework.ts';

/** GET /v1/guides: the counties' handling guides side by side, differences marked. */
export async function compareHandlingGuides(
  { guides, findCounty }: HttpDeps,
  { query }: Call<unknown, GuidesQuery>,
): Promise<Reply<GuideComparison>> {
  const codes = [...new Set(query.counties.split(','))];
  const known = guides();
  const unknown = codes.filter((code) => !known.has(code));
  if (unknown.length > 0) {
    throw invalidInput([{ field: 'counties', problem: `has no guide for ${unknown.join(', ')}` }]);
  }
  const chosen = codes.map((code) => known.get(code)).filter((guide): guide is Guide => guide !== undefined);
  const entries = compareGuides(chosen).map(({ section, id, mark, by }) => ({
    section,
    id,
    mark,
    by: by.map(({ region, entry }) => {
      return { region, zh: entry?.zh, en: entry?.en, source: entry?.source, provenance: entry?.provenance };
    }),
  }));
  const counties = codes.map((region) => {
    const { name = region, nameEn = region } = findCounty(region) ?? {};
    return { region, name, nameEn };
  });
  return { status: 200, body: { counties, entries } };
}
