import type { CaseOpener, CaseToOpen } from '../standin/ports.ts';
import type { CaseReason } from '../../core/casework/terms.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { openCase } from './open-case.ts';

const ENGINE = { id: 'stand-in', region: undefined };

/** A provisional settlement whose correction could not be made stays as open as one that nobody answered for. */
const REASONS: Readonly<Record<CaseToOpen['reason'], CaseReason>> = {
  standInRefused: 'standInRefused',
  provisionalExpired: 'expiredProvisional',
  correctionBlocked: 'expiredProvisional',
  correctionRejected: 'expiredProvisional',
};

/**
 * Opens cases for what the engine could not settle itself while a home fund was away; the same reason and subject again
 * opens nothing.
 *
 * @shape casework → opener
 * @throws what {@link openCase} throws
 * @source design §8, §11
 */
export function caseOpenerOf(deps: CaseworkDeps): CaseOpener {
  return {
    async open({ reason, subjectId, homeRegion, treatmentRegion, institutionId, personId, detail }) {
      await openCase(deps, {
        reason: REASONS[reason],
        subjectId,
        reasonText: detail,
        personId,
        openingRegion: treatmentRegion,
        decidingRegion: homeRegion,
        institutionId,
        claimed: 0,
        openedBy: ENGINE,
      });
    },
  };
}
