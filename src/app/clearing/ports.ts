import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type {
  Fence,
  GrossItem,
  InstitutionStatement,
  NetPosition,
  OutboxMessage,
  PairStatement,
  StatementItem,
} from '../ports.ts';

/** A bill's part in statements, with the two counties that it lies between, and what each fund pays. */
export interface WindowItem extends StatementItem {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  /** In the order of FUNDS. */
  readonly funds: readonly Fen[];
  readonly settledAtMs: number;
}

/** What the database says of the postings and documents of a run of settlements. */
export interface WindowPart {
  /** Of their postings, see PostingMark; undefined where the database cannot take it. */
  readonly mark: bigint | undefined;
  /** Those of a sample that have no document. */
  readonly undocumented: readonly string[];
}

/** Settlements of a window in the order of their ids, and now and then what there is to say of all those before. */
export interface WindowPage {
  readonly items: readonly WindowItem[];
  readonly parts: readonly WindowPart[];
}

/** What was posted for a run of settlements, added up. */
export interface BookedPart {
  /** By account; sums of one account may come several times. */
  readonly booked: readonly AccountSum[];
  /** Settlements whose postings do not come to 0 in each book, or owe their institution something else. */
  readonly misbooked: readonly string[];
}

/** What the journal put into a window. */
export interface WindowJournal {
  readonly booked: readonly AccountSum[];
  /** Of it, what deductions and corrections moved: the adjustments of the window must come to the same. */
  readonly adjusted: readonly AccountSum[];
  readonly unbalanced: readonly string[];
  readonly entries: number;
  readonly firstAtMs: number | undefined;
  readonly lastAtMs: number | undefined;
}

/** Reads a closed window, which does not change any more. */
export interface WindowReader {
  /** How many settlements the index of windows has in it. */
  count(windowId: number): Promise<number>;
  /** The whole window once, page by page, in bounded memory. Nothing depends on ids of other windows or on clocks. */
  pages(windowId: number): AsyncIterable<WindowPage>;
  /** All postings of the window's settlements once more, entry by entry and account by account: what to ask where marks differ. */
  booked(windowId: number): AsyncIterable<BookedPart>;
  journal(windowId: number): Promise<WindowJournal>;
  /** What came into it from earlier windows, by layer: deductions, and items that were under objection. */
  adjustments(windowId: number): Promise<readonly Adjustment[]>;
}

/** What reconciling a window found, two ways. */
export interface WindowSums {
  readonly settlements: number;
  readonly gross: readonly GrossItem[];
  readonly statements: readonly PairStatement[];
  readonly institutions: readonly InstitutionStatement[];
  /** What moved in each account, of settlements and of the journal. */
  readonly balances: readonly AccountSum[];
  /** When the first and the last entry of the window were made; undefined for an empty one. */
  readonly firstAtMs: number | undefined;
  readonly lastAtMs: number | undefined;
}

/**
 * What clearing writes of a window that is closed. Each is one transaction, does nothing when it was done before, and is refused when its fence is
 * not the newest.
 *
 * @throws AppError LEASE_LOST (retryable)
 */
export interface ClearingSteps {
  /** Keeps what a closed window came to, and marks it reconciled. */
  reconcile(windowId: number, sums: WindowSums, atMs: number, fence?: Fence): Promise<void>;
  /** Keeps the positions of a reconciled window. */
  net(windowId: number, nets: readonly NetPosition[], fence?: Fence): Promise<void>;
  /** Sends the notices of a reconciled window on their way and marks it issued. */
  issue(windowId: number, notices: readonly OutboxMessage[], atMs: number, fence?: Fence): Promise<void>;
}
