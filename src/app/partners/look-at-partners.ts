import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import type { Backlog, OutboxStore } from '../outbox/ports.ts';
import type { County } from '../ports.ts';
import type { FundTerms, ProvisionalStore } from '../standin/ports.ts';
import { mergeStates } from './merge-states.ts';
import type { OperationState, PartnerStates } from './ports.ts';

/** What looking at partners needs from outside. */
export interface PartnersDeps {
  readonly states: Pick<PartnerStates, 'all'>;
  readonly outbox: Pick<OutboxStore, 'backlogs'>;
  readonly provisionals: Pick<ProvisionalStore, 'exposures' | 'takenOn'>;
  readonly terms: (region: string) => FundTerms | undefined;
  readonly counties: () => readonly County[];
  readonly clock: Clock;
}

/** How one home fund's system does. */
export interface PartnerNow {
  readonly county: County;
  readonly operations: readonly OperationState[];
  readonly backlog: Backlog;
  /** What it stands to owe from provisional settlements, and what it has taken on today of what it allows. */
  readonly exposure: {
    readonly open: Fen;
    readonly settlements: number;
    readonly today: Fen;
    /** Undefined where the fund gave no terms. */
    readonly todayMax: Fen | undefined;
  };
}

/**
 * How the home funds' systems do, as all processes see them: breakers, what waits to be sent, and what was settled
 * without them.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export async function lookAtPartners(deps: PartnersDeps): Promise<PartnerNow[]> {
  const { states, outbox, provisionals, counties, clock } = deps;
  const [reported, backlogs] = [await states.all(clock.now()), await outbox.backlogs()];
  const exposures = await provisionals.exposures();
  const today = new Map<string, Fen>();
  for (const { code } of counties()) today.set(code, await provisionals.takenOn(code, shanghaiDate(clock.now())));
  const operations = mergeStates(reported);
  return counties().map((county) => {
    const own = exposures.filter(({ region }) => region === county.code);
    const none = { partnerRegion: county.code, waiting: 0, failed: 0, dead: 0, oldestAtMs: 0 };
    return {
      county,
      operations: operations.filter(({ partner }) => partner === county.code),
      backlog: backlogs.find(({ partnerRegion }) => partnerRegion === county.code) ?? none,
      exposure: {
        open: own.reduce((sum, { amount }) => sum + amount, 0),
        settlements: own.reduce((sum, { settlements }) => sum + settlements, 0),
        today: today.get(county.code) ?? 0,
        todayMax: deps.terms(county.code)?.standIn.exposurePerDayMax,
      },
    };
  });
}
