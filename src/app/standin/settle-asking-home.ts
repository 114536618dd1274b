import { formatFen } from '../../core/money/text.ts';
import { AppError } from '../../platform/errors.ts';
import { billKeyOf, type BillCommand } from '../settlement/judge-bill.ts';
import type { SettleOutcome } from '../settlement/settle-bills.ts';
import type { CaseOpener, FreshLook, FundTerms, Standing } from './ports.ts';

/** What asking the home fund before settling needs from outside. */
export interface AskingDeps {
  /** Settles in the next batch. */
  readonly settle: (command: BillCommand) => Promise<SettleOutcome>;
  readonly freshLook: FreshLook;
  readonly terms: (region: string) => FundTerms | undefined;
  readonly cases: CaseOpener;
}

const WORDS = {
  amount: 'the funds would pay more of this bill than the home fund allows while it cannot be asked',
  copyAge: 'what is known of the person is older than the home fund allows while it cannot be asked',
  exposure: 'the home fund has reached what it allows in a day while it cannot be asked',
} as const;

/** In words, why a bill is beyond the limits of a fund that cannot be asked. */
export function wordsOfLimit({ limit }: Extract<SettleOutcome, { kind: 'standInRefused' }>): string {
  return WORDS[limit];
}

/**
 * Settles a bill from the copy. When the copy is older than the home fund allows, the fund is asked first, outside any
 * transaction; when it cannot be asked in time, the engine stands in for it within the fund's limits, and the settlement
 * is provisional. Beyond them nothing is settled, and the bill becomes a case. A bill whose copy is fresh costs nothing
 * of all this.
 *
 * @shape command → outcome
 * @rejects what settling rejects; standInRefused
 * @throws AppError what settling throws
 * @source design §8
 */
export async function settleAskingHome(deps: AskingDeps, command: BillCommand): Promise<SettleOutcome> {
  const first = await deps.settle(command);
  if (first.kind !== 'staleCopy') return first;
  const standing = await ask(deps, first.homeRegion, command.personId);
  if (standing === undefined) return { kind: 'unknownPerson', field: 'personId' };
  const outcome = await deps.settle({ ...command, standing });
  if (outcome.kind === 'standInRefused') {
    const { institution, billNumber, personId } = command;
    await deps.cases.open({
      reason: 'standInRefused',
      subjectId: billKeyOf(institution.id, billNumber),
      homeRegion: outcome.homeRegion,
      treatmentRegion: institution.region,
      institutionId: institution.id,
      personId,
      detail: `${wordsOfLimit(outcome)}; the funds would pay ${formatFen(outcome.amount)}`,
    });
  }
  return outcome;
}

/** Undefined: the fund does not know the person. */
async function ask(deps: AskingDeps, region: string, personId: string): Promise<Standing | undefined> {
  const deadlineMs = deps.terms(region)?.deadlineMs ?? 0;
  try {
    return (await deps.freshLook.refresh(region, personId, deadlineMs)) ? { kind: 'confirmed' } : undefined;
  } catch (error) {
    // Whatever keeps the fund from answering: the patient stands at the counter.
    if (error instanceof AppError && error.code !== 'DATABASE_UNAVAILABLE')
      return { kind: 'standIn', reason: error.code };
    throw error;
  }
}
