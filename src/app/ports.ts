import type { Provisional } from './standin/ports.ts';
import type { AccountBalances, Accumulators, PersonFacts } from '../core/adjudicate/facts.ts';
import type { DateText } from '../core/calendar.ts';
import type { Fen } from '../core/money/fen.ts';
import type { Posting } from '../core/ledger/postings.ts';
import type { Catalogue } from '../core/policy/catalogue.ts';
import type { Provenance } from '../core/policy/parameter.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { BenefitKind, Fund, Scheme } from '../core/policy/terms.ts';

export type { County, Institution } from '../core/policy/institution.ts';

/** A person as stored: what is known, and the name that statements print. */
export interface PersonRecord extends PersonFacts {
  readonly name: string;
  /** Relatives who may pay from this person's carried-over account. */
  readonly sharesAccountWith: readonly string[];
}

/** A person with everything that moves, as read under lock. */
export interface PersonState {
  readonly person: PersonRecord;
  /** `family` is always 0 here: it is another person's `carried`. */
  readonly accounts: AccountBalances;
  readonly accumulators: Accumulators;
  /** When the home fund last handed this person over. */
  readonly copiedAtMs?: number | undefined;
}

/**
 * One row of the settlement table: a settlement, or the reversal of one with every amount negated.
 * `attempt` is 1, 2… for settlements of the same bill, and −n for the reversal of attempt n.
 */
export interface SettlementRow {
  readonly settlementId: string;
  readonly institutionId: string;
  readonly billNumber: string;
  readonly attempt: number;
  /** Distinguishes a new settlement of a reversed bill from a repeat; empty when the caller gave none. */
  readonly requestKey: string;
  readonly contentHash: string;
  readonly reverses: string | undefined;
  readonly personId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly scheme: Scheme;
  readonly benefit: BenefitKind;
  readonly windowId: number;
  readonly visitDate: DateText;
  readonly settledOn: DateText;
  readonly settledAtMs: number;
  readonly total: Fen;
  readonly fullSelfPay: Fen;
  readonly overLimit: Fen;
  readonly firstSelfPay: Fen;
  readonly eligible: Fen;
  readonly funds: Readonly<Record<Fund, Fen>>;
  readonly fundTotal: Fen;
  readonly personTotal: Fen;
  readonly account: Fen;
  readonly cash: Fen;
}

/** A settlement or reversal with everything about it: the immutable document as text, encoded by app/settlement/document.ts. */
export interface StoredSettlement {
  readonly row: SettlementRow;
  readonly document: string;
}

/** A message to a partner, sent at least once, in order per person. Its body is found by `subjectId` when it is sent. */
export interface OutboxMessage {
  readonly messageId: string;
  readonly partnerRegion: string;
  readonly topic: 'settlement' | 'reversal' | 'clearing-notice';
  readonly subjectId: string;
  /** Messages of one key are sent in order. */
  readonly orderKey: string;
  readonly createdAtMs: number;
}

/** What one transaction of the write path wants to see. */
export interface Need {
  /** Locked in sorted order. Unknown ids are simply absent from the state. */
  readonly personIds: readonly string[];
  /** `institution/billNumber`: all attempts and reversals of these bills are read. */
  readonly billKeys: readonly string[];
  /** Settlements of a person made after one of theirs (that one included), with documents, oldest first. */
  readonly historySince?: { readonly personId: string; readonly settlementId: string };
}

/** What the transaction sees, after the locks are held. */
export interface State {
  /** The clearing window that is open; it cannot close before this transaction ends. */
  readonly windowId: number;
  readonly persons: ReadonlyMap<string, PersonState>;
  /** By bill key; reversals have negative attempts. Documents are there, so that a repeat gets the first answer. */
  readonly attempts: ReadonlyMap<string, readonly StoredSettlement[]>;
  readonly history: readonly StoredSettlement[];
}

/** What the transaction writes, all of it or nothing. */
export interface Writes {
  readonly settlements: readonly StoredSettlement[];
  readonly postings: readonly (Posting & {
    /** The settlement or reversal that is entered. */
    readonly entryId: string;
    readonly leg: number;
    readonly windowId: number;
  })[];
  /** Buckets in full, after the change. */
  readonly accumulators: readonly {
    readonly personId: string;
    readonly bucket: string;
    readonly amounts: Readonly<Record<string, number>>;
  }[];
  readonly accounts: readonly { readonly personId: string; readonly current: Fen; readonly carried: Fen }[];
  readonly outbox: readonly OutboxMessage[];
  /** Settlements made while the home fund could not be asked, and what this transaction makes of earlier ones. */
  readonly provisionals?: readonly Provisional[];
}

/** The settlement write path. */
export interface SettlementStore {
  /**
   * One transaction: lock → read → decide → write → commit. `decide` is synchronous and pure, and may run again when the
   * engine reports a deadlock (a bounded number of times). It resolves only after the commit is durable.
   *
   * @throws AppError DATABASE_UNAVAILABLE (retryable), DATABASE_BUSY (retryable, deadlock retries used up),
   *   UNIQUE_CONFLICT (another process wrote the same bill first; retryable), NO_OPEN_WINDOW
   */
  transact<T>(need: Need, decide: (state: State) => { readonly writes: Writes; readonly result: T }): Promise<T>;

  /** The same view without locks, for quotes and eligibility. */
  read(need: Need): Promise<State>;
}

/** Settlements as others look at them. */
export interface SettlementQueries {
  byId(settlementId: string): Promise<StoredSettlement | undefined>;
  /** In one question, in no order; unknown ids are simply absent. */
  byIds(settlementIds: readonly string[]): Promise<readonly StoredSettlement[]>;
  /** All attempts and reversals of a bill, oldest first. */
  byBill(institutionId: string, billNumber: string): Promise<readonly StoredSettlement[]>;
  /** Newest first. */
  latestOfInstitution(institutionId: string, limit: number): Promise<readonly StoredSettlement[]>;
  totals(): Promise<SettlementTotals>;
  /** Audit: entries whose postings do not add up to 0; always none. */
  unbalanced(): Promise<readonly string[]>;
}

/** Sums over live business: reversals are negative, so that plain sums are right. */
export interface SettlementTotals {
  readonly settlements: number;
  readonly reversals: number;
  readonly total: Fen;
  readonly fundTotal: Fen;
  readonly account: Fen;
  readonly cash: Fen;
}

/** Persons, as home funds feed them. */
export interface PersonStore {
  /** Inserts or replaces persons; accounts and accumulators only where given. One transaction a call. */
  importPersons(persons: readonly PersonImport[], copiedAtMs?: number): Promise<void>;
  find(personId: string): Promise<PersonState | undefined>;
  count(): Promise<number>;
}

/** A person as imported. */
export interface PersonImport {
  readonly person: PersonRecord;
  readonly accounts: { readonly current: Fen; readonly carried: Fen };
  readonly accumulators: Accumulators;
}

/** A message as a home fund reads it: money as text, instants with offset. Its members are those of http/schemas/funds.ts. */
export interface FundMessage {
  readonly messageId: string;
  readonly topic: OutboxMessage['topic'];
  readonly [member: string]: unknown;
}

/** Finds what messages say. */
export interface MessageSource {
  /** By message id; a message whose subject is not stored is absent. */
  load(messages: readonly OutboxMessage[]): Promise<ReadonlyMap<string, FundMessage>>;
}

/** Proof of holding a lease: a write that carries an older number than the newest is refused. */
export interface Fence {
  readonly lease: string;
  readonly token: number;
}

/** A lease that one runner holds at a time; the token rises with every holder. */
export interface LeaseStore {
  /** Takes or renews the lease; undefined when another holds it. */
  acquire(name: string, holder: string, nowMs: number, ttlMs: number): Promise<{ readonly token: number } | undefined>;
  release(name: string, holder: string): Promise<void>;
}

/** Rules as the text that their hash is taken of. */
export interface ArchivedRule {
  readonly hash: string;
  readonly kind: 'policy' | 'catalogue';
  readonly region: string;
  readonly content: string;
}

/** Rules that were in force, kept as text by hash, so that old settlements can be read and recomputed. */
export interface RuleArchive {
  /** One transaction a call; what is kept already stays as it is. */
  keep(rules: readonly ArchivedRule[]): Promise<void>;
  /** All that is kept under other hashes than these, by hash. */
  others(hashes: readonly string[]): Promise<readonly ArchivedRule[]>;
}

/** The rules that bills are settled by, every version with its days, and how much of each policy rests on what. */
export interface RulesInForce {
  readonly policies: readonly { readonly policy: Policy; readonly values: Readonly<Record<Provenance, number>> }[];
  readonly catalogues: readonly { readonly catalogue: Catalogue }[];
}

/** One thing that keeps rules from being used, by the file's place in the folder of rules. */
export interface RuleProblem {
  readonly file: string;
  /** Inside the file; empty for the file itself. */
  readonly path: string;
  readonly reason: string;
  readonly line: number | undefined;
}

/** What became of loading the rules again: all of them, or none. */
export type ReloadOutcome =
  { readonly ok: true; readonly rules: RulesInForce } | { readonly ok: false; readonly errors: readonly RuleProblem[] };

/**
 * Who may call. A display shows an institution's bills and can do nothing else: its key stands in a page's address. A clerk
 * is a person at a county's fund: where two people must agree, both are clerks.
 */
export interface Principal {
  readonly kind: 'institution' | 'fund' | 'clerk' | 'operator' | 'display';
  /** Institution id (of a display, too), region code, or the name of a clerk or operator. */
  readonly id: string;
  /** The county that a clerk works for; clerks have one, others none. */
  readonly region?: string | undefined;
}

/** Keys, kept as SHA-256. */
export interface KeyStore {
  add(keys: readonly { readonly keyHash: string; readonly principal: Principal }[]): Promise<void>;
  all(): Promise<readonly { readonly keyHash: string; readonly principal: Principal }[]>;
}
