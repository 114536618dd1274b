import type { CalendarDeps } from '../app/lifecycle/calendar-deps.ts';
import type { ExportDeps } from '../app/lifecycle/export-statement.ts';
import type { ProposalDeps } from '../app/lifecycle/make-proposal.ts';
import type { CaseworkDeps } from '../app/casework/case-deps.ts';
import type { OutboxStore } from '../app/outbox/ports.ts';
import type { PartnersDeps } from '../app/partners/look-at-partners.ts';
import type { ClearingStore, ClearingWindow } from '../app/clearing/ports.ts';
import type {
  County,
  Institution,
  PersonStore,
  Principal,
  ReloadOutcome,
  RulesInForce,
  SettlementQueries,
} from '../app/ports.ts';
import type { ProvisionalStore } from '../app/standin/ports.ts';
import type { CopyStore, FeedStore } from '../app/funds/ports.ts';
import type { DecideDeps } from '../app/reconciliation/decide-difference.ts';
import type { FileQueue } from '../app/reconciliation/file-queue.ts';
import type { DifferenceStore, RunStore, TotalsStore } from '../app/reconciliation/ports.ts';
import type { BillCommand } from '../app/settlement/judge-bill.ts';
import type { QuoteOutcome } from '../app/settlement/quote-bills.ts';
import type { ReverseCommand, ReverseOutcome } from '../app/settlement/reverse-settlement.ts';
import type { JobList } from '../app/jobs/list-jobs.ts';
import type { JobRun } from '../app/jobs/ports.ts';
import type { LedgerQueries } from '../app/ledger/ports.ts';
import type { SettleOutcome } from '../app/settlement/settle-bills.ts';
import type { DateText } from '../core/calendar.ts';
import type { Guide } from '../core/casework/guides.ts';
import type { Rulebook } from '../core/policy/rulebook.ts';
import type { Clock } from '../platform/clock.ts';
import type { CounterEvents } from './counter/counter-events.ts';
import type { SimulatorSwitches } from './simulators/simulator-switches.ts';
import type { Metrics } from './metrics.ts';

/** As much of a logger as this layer uses; pino's fits. */
export interface Log {
  debug(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** A part that must work before requests are welcome. It rejects when it does not. */
export type ReadinessCheck = () => Promise<void>;

/** All that the HTTP layer needs; main.ts puts it together. */
export interface HttpDeps {
  /** Coalesced: joins the next batch. Rejects with OVERLOADED and what the store throws. */
  readonly settle: (command: BillCommand) => Promise<SettleOutcome>;
  readonly quote: (command: BillCommand) => Promise<QuoteOutcome>;
  readonly reverse: (command: ReverseCommand) => Promise<ReverseOutcome>;
  readonly queries: SettlementQueries;
  readonly persons: Pick<PersonStore, 'find'>;
  readonly clearing: Pick<
    ClearingStore,
    | 'windows'
    | 'window'
    | 'statements'
    | 'statement'
    | 'institutionStatements'
    | 'grossItems'
    | 'items'
    | 'netPositions'
  >;
  /** The life of statements after the night. */
  readonly lifecycle: CalendarDeps & ProposalDeps & ExportDeps;
  /** Clears every window up to and including a business day; answers with those it issued. */
  readonly runClearing: (businessDate: DateText) => Promise<readonly ClearingWindow[]>;
  readonly jobs: {
    readonly clearingTime: string;
    readonly calendarTime: string;
    readonly list: (limit: number) => Promise<JobList>;
    readonly find: (runId: string) => Promise<JobRun | undefined>;
    /** Answers with the run's id as soon as it runs. */
    readonly startClearing: (businessDate: DateText | undefined) => Promise<string>;
    readonly startCalendar: () => Promise<string>;
  };
  readonly ledger: LedgerQueries;
  readonly casework: CaseworkDeps;
  /** Handling guides by region, as they are in force now. */
  readonly guides: () => ReadonlyMap<string, Guide>;
  readonly provisionals: Pick<ProvisionalStore, 'byIds'>;
  readonly partners: PartnersDeps;
  readonly outbox: Pick<OutboxStore, 'deadLetters' | 'decide'>;
  readonly copies: Pick<CopyStore, 'feed' | 'state'>;
  readonly feeds: Pick<FeedStore, 'all'>;
  /** Empty but for the demo. */
  readonly simulators: SimulatorSwitches;
  readonly reconciliation: {
    readonly files: FileQueue;
    readonly runs: RunStore;
    readonly differences: DifferenceStore;
    readonly totals: TotalsStore;
    readonly decide: DecideDeps;
  };
  readonly rulebook: () => Rulebook;
  readonly rulesInForce: () => RulesInForce;
  /** Loads the rules of this process again. Rejects with what the store throws; the rules in force stay then. */
  readonly reloadRules: () => Promise<ReloadOutcome>;
  readonly findInstitution: (id: string) => Institution | undefined;
  readonly findCounty: (code: string) => County | undefined;
  /** Who presents this key; undefined when nobody we know. */
  readonly authenticate: (key: string) => Principal | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly counterEvents: CounterEvents;
  readonly metrics: Metrics;
  /** By the part's name, as `/readyz` reports it. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  readonly log: Log;
}
