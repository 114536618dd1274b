import { formatFen } from '../../core/money/text.ts';
import type { CaseOpener } from '../standin/ports.ts';
import type { CaseStore } from './ports.ts';

/** What handing objections over needs from outside. */
export interface ObjectionDeps {
  readonly cases: Pick<CaseStore, 'objectionsAgainstPatients'>;
  readonly opener: CaseOpener;
}

const AT_ONCE = 100;

/**
 * Opens a case for every objection that was upheld against the patient and has none yet: the fund does not pay for this
 * person or this service after all, which is not for the hospital to settle. Objections about amounts and records are
 * between fund and hospital.
 *
 * @shape how many were opened
 * @throws what the store throws
 * @source design §11
 */
export async function handOverObjections({ cases, opener }: ObjectionDeps): Promise<number> {
  let opened = 0;
  for (;;) {
    const found = await cases.objectionsAgainstPatients(AT_ONCE);
    for (const { objectionId, deducted, decision, ...about } of found) {
      const detail = `the home fund takes ${formatFen(deducted)} back: ${decision}`.slice(0, 500);
      await opener.open({ reason: 'objectionUpheld', subjectId: objectionId, ...about, claimed: deducted, detail });
    }
    opened += found.length;
    if (found.length < AT_ONCE) return opened;
  }
}
