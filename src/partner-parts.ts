import type { Logger } from 'pino';
import { lookAfresh, pullFeeds, type PullDeps } from './app/funds/pull-feeds.ts';
import { createMessageSource } from './app/outbox/load-messages.ts';
import type { OperationState } from './app/partners/ports.ts';
import { createPatientLook } from './app/standin/patient-look.ts';
import type { CaseOpener, FreshLook, FundTerms } from './app/standin/ports.ts';
import { resolveProvisionals } from './app/standin/resolve-provisionals.ts';
import { createStandInDesk, type KeptDesk } from './app/standin/stand-in-desk.ts';
import type { Environment } from './config/environment.ts';
import type { RuleKeeper } from './config/rule-keeper.ts';
import type { Database } from './db/open-database.ts';
import { startDispatchLoop } from './jobs/dispatch-loop.ts';
import { startKeeping } from './jobs/keep-desk.ts';
import { startPullLoop } from './jobs/pull-loop.ts';
import { startReporting } from './jobs/report-partners.ts';
import { createBreakers, type BreakerOptions, type Breakers } from './partners/breakers.ts';
import { dispatchOutbox } from './partners/dispatch-outbox.ts';
import { createFundClient } from './partners/fund-client.ts';
import { createFundReader } from './partners/fund-reader.ts';
import { systemClock, type Clock } from './platform/clock.ts';

/** The part of the composition root that has to do with home funds: what main.ts puts in and takes out. */
export interface PartnerOptions {
  readonly environment: Environment;
  readonly clock?: Clock;
  readonly breakerOptions?: BreakerOptions;
  /** Asks home funds about persons in another way than over HTTP. */
  readonly freshLook?: (breakers: Breakers) => FreshLook;
}

/** What settling without the home fund takes. */
export interface StandInParts {
  readonly desk: KeptDesk;
  readonly freshLook: FreshLook;
  /** The same for who stands at a counter. */
  readonly patientLook: FreshLook;
  readonly cases: CaseOpener;
  readonly terms: (region: string) => FundTerms | undefined;
}

/** The breakers of this process; what they see is told to the others. */
export function watchPartners(
  { partnerStates: store }: Database,
  { clock = systemClock, breakerOptions }: PartnerOptions,
  process: string,
  log: Logger,
) {
  const changed = (change: OperationState): void => log.warn(change, 'a breaker changed');
  const breakers = createBreakers(breakerOptions, changed, () => clock.now());
  const reporting = startReporting({ states: () => breakers.states(), store, process, clock, log });
  return {
    breakers,
    async stop() {
      await reporting.stop();
      breakers.close();
    },
  };
}

/** Asks home funds over HTTP, each call with the deadline that it is made with. */
function freshLookOver(
  { copyStore: copies }: Database,
  keeper: RuleKeeper,
  breakers: Breakers,
  { environment: { fundUrls }, clock = systemClock }: PartnerOptions,
): FreshLook {
  const deps = { copies, clock, rulebook: () => keeper.current.rules.rulebook };
  return {
    refresh(region, personId, timeoutMs) {
      const address = { region, url: fundUrls.get(region) ?? '', timeoutMs };
      return lookAfresh(deps, createFundReader(address, breakers), personId);
    },
  };
}

/** What is needed to settle while a home fund cannot be asked: its terms, and what it has taken on, read now and then. */
export function standInFor(
  database: Database,
  keeper: RuleKeeper,
  breakers: Breakers,
  cases: CaseOpener,
  options: PartnerOptions,
  log: Logger,
): (StandInParts & { stop(): Promise<void> }) | undefined {
  if (options.environment.fundUrls.size === 0) return undefined;
  const { provisionalStore: provisionals, feedStore } = database;
  const { environment, clock = systemClock } = options;
  const freshLook = options.freshLook?.(breakers) ?? freshLookOver(database, keeper, breakers, options);
  const position = (region: string) => breakers.position(region, 'eligibility');
  const patientLook = createPatientLook({ freshLook, position });
  // A fund whose system we do not know the address of is never asked.
  const terms = (region: string): FundTerms | undefined =>
    environment.fundUrls.has(region) ? keeper.current.partners.get(region) : undefined;
  const desk = createStandInDesk({ terms, provisionals, feeds: feedStore });
  const keeping = startKeeping(desk, clock, log);
  return { desk, freshLook, patientLook, terms, cases, stop: () => keeping.stop() };
}

/** What working for partners needs of the parts of a process. */
interface WorkParts {
  readonly database: Database;
  readonly keeper: RuleKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly breakers: Breakers;
  readonly standIn: StandInParts | undefined;
}

/** For each fund a loop of messages, one of provisional settlements, and one that reads what changed there. */
export function workForPartners(parts: WorkParts, fundUrls: Environment['fundUrls']): { stop(): Promise<void> }[] {
  const { database, clock, log, newId, keeper, breakers, standIn } = parts;
  const { leaseStore: leases, outboxStore: outbox, settlementQueries: queries } = database;
  const deps = { leases, clock, newId, log };
  const rulebook = () => keeper.current.rules.rulebook;
  const source = createMessageSource({ queries, clearing: database.clearingStore, rulebook });
  const loops = Array.from(fundUrls, ([region, url]) => {
    const client = createFundClient({ region, url }, breakers);
    const dispatch = (signal: AbortSignal) => dispatchOutbox({ outbox, source, client, clock }, signal);
    return startDispatchLoop({ ...deps, dispatch }, region);
  });
  if (standIn !== undefined) {
    const { settlementStore: store, provisionalStore: provisionals } = database;
    const resolving = { ...standIn, store, provisionals, queries, rulebook, clock, newId };
    for (const region of fundUrls.keys()) {
      const dispatch = async (signal: AbortSignal) => {
        const { resolved, ...round } = await resolveProvisionals(resolving, region, signal);
        return { delivered: resolved, ...round };
      };
      loops.push(startDispatchLoop({ ...deps, dispatch }, region, 'provisionals'));
    }
  }
  const { copyStore: copies, feedStore: feeds } = database;
  const onRefused: PullDeps['onRefused'] = (refused) => {
    log.warn(refused, 'a fund sent what cannot be taken');
  };
  const pullDeps: PullDeps = { copies, feeds, rulebook, clock, onRefused };
  const pulls = Array.from(fundUrls, ([region, url]) => {
    const reader = createFundReader({ region, url }, breakers);
    return startPullLoop({ ...deps, pull: (signal) => pullFeeds(pullDeps, reader, signal) }, region);
  });
  return [...loops, ...pulls];
}
