import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { DateText } from '../../core/calendar.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { WindowState } from '../../core/lifecycle/window-states.ts';
import type { BenefitKind, Fund, Scheme } from '../../core/policy/terms.ts';
import type { Fence, OutboxMessage } from '../ports.ts';

/** One business day of settlements. */
export interface ClearingWindow {
  readonly windowId: number;
  readonly businessDate: DateText;
  readonly state: WindowState;
  readonly openedAtMs: number;
  readonly closedAtMs: number | undefined;
  readonly reconciledAtMs: number | undefined;
  readonly issuedAtMs: number | undefined;
  readonly confirmedAtMs: number | undefined;
  readonly paidAtMs: number | undefined;
}

/** One line of the gross: what a home fund owes for one institution, scheme and layer. Reversals are in it as negatives. */
export interface GrossItem {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly scheme: Scheme;
  /** A fund, or `account` for what personal accounts paid. */
  readonly layer: Fund | 'account';
  readonly settlements: number;
  readonly amount: Fen;
}

/** A bill's part in a statement, for item hashes. */
export interface StatementItem {
  readonly settlementId: string;
  readonly institutionId: string;
  readonly billNumber: string;
  readonly scheme: Scheme;
  readonly benefit: BenefitKind;
  readonly reverses: string | undefined;
  readonly total: Fen;
  readonly fundTotal: Fen;
  readonly account: Fen;
  readonly owed: Fen;
}

/** A statement of what one county owes another for a window. */
export interface PairStatement {
  readonly statementId: string;
  readonly windowId: number;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly settlements: number;
  readonly owed: Fen;
  /** Hash over the item hashes in order, so that either side can prove its sum. */
  readonly itemsHash: string;
}

/** What an institution is owed for a window by the fund of its county, for people from anywhere. */
export interface InstitutionStatement {
  readonly windowId: number;
  readonly institutionId: string;
  readonly treatmentRegion: string;
  readonly settlements: number;
  readonly owed: Fen;
  /** As in a pair's statement: SHA-256 over the item hashes in the order of settlement ids. */
  readonly itemsHash: string;
}

/** What a county receives (positive) or pays (negative) for a window after multilateral netting. */
export interface NetPosition {
  readonly windowId: number;
  readonly region: string;
  readonly receivable: Fen;
  readonly payable: Fen;
  readonly net: Fen;
}

/** Clearing's storage. Every step is idempotent: doing it again changes nothing. */
export interface ClearingStore {
  windows(limit: number): Promise<readonly ClearingWindow[]>;
  window(windowId: number): Promise<ClearingWindow | undefined>;
  /** @throws AppError NO_OPEN_WINDOW before `openFirstWindow` */
  openWindow(): Promise<ClearingWindow>;
  /** Opens the first window of a new database; does nothing when there has been one. */
  openFirstWindow(businessDate: DateText, atMs: number): Promise<void>;
  /**
   * Closes the open window if its business date is `businessDate`, and opens the one of `nextBusinessDate`; waits for
   * settling transactions in flight and for nothing else. Does nothing when that date is closed already.
   *
   * @throws AppError LEASE_LOST (retryable) when the fence is not the newest
   */
  closeWindow(businessDate: DateText, nextBusinessDate: DateText, atMs: number, fence?: Fence): Promise<void>;
  /** Closed windows that are not issued yet, reconciled or not, oldest first. */
  closedWindows(): Promise<readonly ClearingWindow[]>;
  /** What came into a window from earlier ones: a closed window gets no more of it. */
  adjustments(windowId: number): Promise<readonly Adjustment[]>;
  /** Items of one pair in a window, in the order of settlement ids, in pages. */
  items(
    windowId: number,
    homeRegion: string,
    treatmentRegion: string,
    after: string,
    limit: number,
  ): Promise<readonly StatementItem[]>;
  statements(windowId: number): Promise<readonly PairStatement[]>;
  statement(statementId: string): Promise<PairStatement | undefined>;
  netPositions(windowId: number): Promise<readonly NetPosition[]>;
  grossItems(windowId: number): Promise<readonly GrossItem[]>;
  institutionStatements(windowId: number): Promise<readonly InstitutionStatement[]>;
}

/** A bill of a window. Words of it come as two texts: each is looked up or hashed whole, once for every bill of the country. */
export interface WindowItem {
  readonly settlementId: string;
  /** Of {@link StatementItem}: settlement, institution, bill number, scheme, benefit, what it reverses, `|` after each. */
  readonly about: string;
  /** Home region, treatment region, institution, scheme; a space between them. */
  readonly group: string;
  readonly total: Fen;
  readonly fundTotal: Fen;
  readonly account: Fen;
  /** fundTotal + account */
  readonly owed: Fen;
  /** In the order of FUNDS. */
  readonly funds: readonly Fen[];
  readonly settledAtMs: number;
}

/** What the database says of the postings and documents of a run of settlements. */
export interface WindowPart {
  /** Of their postings, see PostingMark; undefined where the database cannot take it. */
  readonly mark: bigint | undefined;
  /** Those that have no document. */
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
