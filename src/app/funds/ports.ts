import type { Balances } from '../../core/copy/balances.ts';
import type { KnownEvent } from '../../core/copy/event-stream.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import type { PersonRecord, StoredSettlement } from '../ports.ts';

/** What a fund says of a person's balances, and how much of what happened is in it. */
export interface FundBalances extends Balances {
  readonly contains: {
    /** Last accumulator event of the person; 0 for none. */
    readonly eventSequence: number;
    /**
     * Last advice of ours, of the person or of a relative whose bill the person's account paid; all before it are in it
     * too. Undefined for none.
     */
    readonly lastAdvice: string | undefined;
  };
}

/** A person as their fund hands them over. */
export interface PersonCopy {
  readonly person: PersonRecord;
  /** When this was so at the fund. */
  readonly asOfMs: number;
  /** Undefined: balances stay as they are; of a new person they are 0. */
  readonly balances: FundBalances | undefined;
  /** What stays as it is stored, because the fund said nothing of it. */
  readonly keeps?: readonly ('registrations' | 'filings')[];
}

/** What is stored of a person who is about to be fed. */
export interface FedPerson {
  readonly homeRegion: string;
  readonly scheme: Scheme;
  readonly copiedAtMs: number;
  /** Sequence of the last event that is in the balances. */
  readonly position: number;
  readonly balances: Balances;
  /** Only when it was asked for. */
  readonly facts: Pick<PersonRecord, 'registrations' | 'filings'> | undefined;
  /** Every event after `position`, and what else was asked for. */
  readonly events: readonly KnownEvent[];
}

/** What a feeding transaction wants to see. */
export interface FeedNeed {
  /** Whose data comes: events are found by id among those of this region. */
  readonly region: string;
  readonly personIds: readonly string[];
  /** Persons who may be new are held as well, so that nobody else makes them meanwhile. */
  readonly makes: boolean;
  /** Registrations and filings are shown, too. */
  readonly facts: boolean;
  readonly eventIds: readonly string[];
  /** Events of the persons at these sequences are shown even when they are in the balances. */
  readonly sequences: readonly number[];
  /** For persons whose balances come: events after a sequence, and the settlements of some persons after one of them. */
  readonly since: ReadonlyMap<
    string,
    { readonly sequence: number; readonly settlementId: string; readonly of: readonly string[] }
  >;
}

/** What a feeding transaction sees, with the persons locked as settling locks them. */
export interface FeedState {
  readonly persons: ReadonlyMap<string, FedPerson>;
  readonly eventsById: ReadonlyMap<string, KnownEvent>;
  /** Settlements and reversals that `since` asks for, and what the reversals reverse, by id. */
  readonly settlements: ReadonlyMap<string, StoredSettlement>;
}

/** What a feeding transaction writes, all of it or nothing. */
export interface FeedWrites {
  readonly persons: readonly { readonly person: PersonRecord; readonly copiedAtMs: number }[];
  readonly accounts: readonly { readonly personId: string; readonly current: Fen; readonly carried: Fen }[];
  /** Buckets in full, after the change. */
  readonly accumulators: readonly {
    readonly personId: string;
    readonly bucket: string;
    readonly amounts: Readonly<Record<string, number>>;
  }[];
  readonly positions: readonly { readonly personId: string; readonly sequence: number }[];
  readonly events: readonly { readonly event: KnownEvent; readonly receivedAtMs: number }[];
}

/** Where the copy is kept that home funds feed. */
export interface CopyStore {
  /**
   * One transaction: lock persons → read → decide → write → commit. `decide` is synchronous and pure and may run again
   * after a deadlock, a bounded number of times.
   *
   * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY, UNIQUE_CONFLICT (all retryable)
   */
  feed<T>(
    need: FeedNeed,
    decide: (state: FeedState) => { readonly writes: FeedWrites; readonly result: T },
  ): Promise<T>;
  /** By region: the oldest copy, and events that are held or refused. */
  state(): Promise<readonly CopyState[]>;
  /** When a person's copy was so at the fund: when it came, or when the fund's feed was last read to its end. */
  asOf(personId: string): Promise<number | undefined>;
}

/** How a region's copy stands. */
export interface CopyState {
  readonly region: string;
  /** Of the person copied longest ago; 0 when one was never copied. */
  readonly oldestCopyMs: number;
  readonly eventsWaiting: number;
  readonly eventsRefused: number;
}

/** What a fund can be asked for page by page. */
export type FeedName = 'persons' | 'accumulatorEvents';

/** How far a feed has been read. */
export interface FeedPosition {
  readonly region: string;
  readonly feed: FeedName;
  /** The fund's own mark; empty before the first page. */
  readonly position: string;
  /** Persons or events of it that were refused, ever. */
  readonly refused: number;
  /** When it was last read to its end: what was not in it had not changed by then. */
  readonly caughtUpAtMs: number | undefined;
  readonly askedAtMs: number | undefined;
  /** Our code, the partner's own code if there is one, and words; undefined when the last attempt succeeded. */
  readonly lastError: string | undefined;
}

/** Where reading feeds goes on. */
export interface FeedStore {
  position(region: string, feed: FeedName): Promise<FeedPosition>;
  moved(position: FeedPosition): Promise<void>;
  all(): Promise<readonly FeedPosition[]>;
}

/** An event in the words of the contract. */
export interface EventText {
  readonly eventId: string;
  readonly personId: string;
  readonly sequence: number;
  readonly accumulators: readonly { readonly bucket: string; readonly name: string; readonly change: string }[];
  readonly accounts?: { readonly current: string; readonly carried: string } | undefined;
  readonly occurredAt: string;
}

/** A span in the words of the contract. */
interface SpanText {
  readonly from: string;
  readonly to?: string | undefined;
}

/** A person in the words of the contract. */
export interface PersonText extends Omit<
  PersonRecord,
  'id' | 'homeRegion' | 'coverage' | 'registrations' | 'filings' | 'retiredOn'
> {
  readonly personId: string;
  readonly retiredOn?: string | undefined;
  readonly coverage: readonly (SpanText & { readonly state: 'active' | 'suspended' })[];
  readonly registrations: readonly (SpanText & { readonly disease: string; readonly periodsFrom: string })[];
  readonly filings: readonly (SpanText & {
    readonly kind: PersonRecord['filings'][number]['kind'];
    readonly treatmentRegion?: string | undefined;
  })[];
  readonly asOf: string;
  readonly balances?: BalancesText | undefined;
}

/** Balances in the words of the contract. */
export interface BalancesText {
  readonly contains: { readonly eventSequence: number; readonly lastAdvice?: string | undefined };
  readonly accounts: { readonly current: string; readonly carried: string };
  readonly accumulators: readonly { readonly bucket: string; readonly name: string; readonly value: string }[];
}

/** One page of a feed. */
export interface FeedPage<T> {
  readonly items: readonly T[];
  /** What could not be read of it, by the place in the page. */
  readonly unreadable: readonly { readonly field: string; readonly problem: string }[];
  /** The mark to ask with next. */
  readonly next: string;
  readonly more: boolean;
}

/** A home fund's system, asked for what it offers; the errors are those of sending messages. */
export interface FundReader {
  readonly region: string;
  persons(after: string): Promise<FeedPage<PersonText>>;
  accumulatorEvents(after: string): Promise<FeedPage<EventText>>;
  /** A fresh look at one person; undefined when the fund does not know them. */
  person(personId: string): Promise<PersonText | undefined>;
}

/** Rows of an import between checking and taking over. */
export interface ImportStore {
  /** Whatever an import that died left behind goes. */
  clear(importId?: string): Promise<void>;
  add(importId: string, rows: readonly ImportRow[]): Promise<void>;
  /** Rows in the order of person, file and line, after one of them. */
  page(importId: string, after: ImportPlace | undefined, limit: number): Promise<readonly ImportRow[]>;
}

/** Where a row of an import is. */
export interface ImportPlace {
  readonly personId: string;
  readonly file: string;
  readonly line: number;
}

/** A row of an import: what was read of it. */
export interface ImportRow extends ImportPlace {
  readonly content: string;
}
