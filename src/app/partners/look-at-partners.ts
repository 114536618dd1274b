import type { Clock } from '../../platform/clock.ts';
import type { Backlog, OutboxStore } from '../outbox/ports.ts';
import type { County } from '../ports.ts';
import { mergeStates } from './merge-states.ts';
import type { OperationState, PartnerStates } from './ports.ts';

/** What looking at partners needs from outside. */
export interface PartnersDeps {
  readonly states: Pick<PartnerStates, 'all'>;
  readonly outbox: Pick<OutboxStore, 'backlogs'>;
  readonly counties: () => readonly County[];
  readonly clock: Clock;
}

/** How one home fund's system does. */
export interface PartnerNow {
  readonly county: County;
  readonly operations: readonly OperationState[];
  readonly backlog: Backlog;
}

/**
 * How the home funds' systems do, as all processes see them: breakers, and what waits to be sent.
 *
 * @throws AppError DATABASE_UNAVAILABLE (retryable)
 */
export async function lookAtPartners({ states, outbox, counties, clock }: PartnersDeps): Promise<PartnerNow[]> {
  const [reported, backlogs] = await Promise.all([states.all(clock.now()), outbox.backlogs()]);
  const operations = mergeStates(reported);
  return counties().map((county) => {
    const none = { partnerRegion: county.code, waiting: 0, failed: 0, dead: 0, oldestAtMs: 0 };
    return {
      county,
      operations: operations.filter(({ partner }) => partner === county.code),
      backlog: backlogs.find(({ partnerRegion }) => partnerRegion === county.code) ?? none,
    };
  });
}
