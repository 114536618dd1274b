import type { Rulebook } from '../../core/policy/rulebook.ts';
import { shanghaiInstant } from '../../platform/instant.ts';
import type { County, StoredSettlement } from '../ports.ts';
import { personPartsOf, provenanceOf, sharesOf, type Worked } from './answer.ts';
import { maskName } from './masking.ts';

/**
 * What the counter's display shows of a bill: amounts, and no more of the person than the last character of the name and
 * the county. A reversal shows the bill it took back, in negatives.
 */
export function presentForCounter(
  { row }: StoredSettlement,
  worked: Worked,
  personName: string,
  home: County | undefined,
  rulebook: Rulebook,
) {
  const sign = row.reverses === undefined ? 1 : -1;
  return {
    event: row.reverses === undefined ? ('settled' as const) : ('reversed' as const),
    settlementId: row.settlementId,
    reverses: row.reverses,
    institutionId: row.institutionId,
    billNumber: row.billNumber,
    personName: maskName(personName),
    homeRegion: row.homeRegion,
    homeName: home?.name ?? row.homeRegion,
    homeNameEn: home?.nameEn ?? row.homeRegion,
    kind: row.benefit,
    settledAt: shanghaiInstant(row.settledAtMs),
    shares: sharesOf(worked.verdict, sign),
    personParts: personPartsOf(worked.verdict, sign),
    provenance: provenanceOf(worked, rulebook),
  };
}
