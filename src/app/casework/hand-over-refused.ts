import type { PersonStore } from '../ports.ts';
import { billKeyOf, type BillCommand } from '../settlement/judge-bill.ts';
import type { SettleOutcome } from '../settlement/settle-bills.ts';
import type { CaseOpener } from '../standin/ports.ts';

/** What handing over needs from outside. */
export interface HandOverDeps {
  readonly settle: (command: BillCommand) => Promise<SettleOutcome>;
  readonly persons: Pick<PersonStore, 'find'>;
  readonly cases: CaseOpener;
}

/**
 * Settles a bill; one of a disease that the two counties do not settle directly becomes a case of the person's home county,
 * once however often it is sent. Any other refusal is the counter's to correct.
 *
 * @shape command → the outcome of settling
 * @throws what settling and opening a case throw
 * @source design §11
 */
export async function settleHandingOver(
  { settle, persons, cases }: HandOverDeps,
  command: BillCommand,
): Promise<SettleOutcome> {
  const outcome = await settle(command);
  if (outcome.kind !== 'rejected' || outcome.rejection.code !== 'DISEASE_NOT_OPEN') return outcome;
  const { institution, billNumber, personId, bill } = command;
  const found = await persons.find(personId);
  if (found === undefined) return outcome;
  await cases.open({
    reason: 'diseaseNotOpen',
    subjectId: billKeyOf(institution.id, billNumber),
    homeRegion: found.person.homeRegion,
    treatmentRegion: institution.region,
    institutionId: institution.id,
    personId,
    settlementId: undefined,
    billNumber,
    claimed: bill.total,
    detail: outcome.rejection.detail,
  });
  return outcome;
}
