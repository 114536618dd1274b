import type { CaseOpener } from '../standin/ports.ts';
import type { CaseworkDeps } from './case-deps.ts';
import { openCase } from './open-case.ts';

const ENGINE = { id: 'engine', region: undefined };

/**
 * Opens cases for what the engine could not settle itself; the same reason and subject again opens nothing.
 *
 * @shape casework → opener
 * @throws what {@link openCase} throws
 * @source design §8, §11
 */
export function caseOpenerOf(deps: Pick<CaseworkDeps, 'cases' | 'handlingRules' | 'clock' | 'newId'>): CaseOpener {
  return {
    async open({ homeRegion, treatmentRegion, detail, ...about }) {
      await openCase(deps, {
        reasonText: detail,
        ...about,
        openingRegion: treatmentRegion,
        decidingRegion: homeRegion,
        openedBy: ENGINE,
      });
    },
  };
}
