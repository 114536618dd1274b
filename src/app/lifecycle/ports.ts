import type { DateText, MonthText } from '../../core/calendar.ts';
import type { Transfer } from '../../core/clearing/netting.ts';
import type { JournalEntry } from '../../core/ledger/journal.ts';
import type { Adjustment } from '../../core/lifecycle/adjustments.ts';
import type { ObjectionReason, ObjectionState, Outcome } from '../../core/lifecycle/objection-states.ts';
import type { PaymentState, RequestState } from '../../core/lifecycle/payment-states.ts';
import type { ProposalState } from '../../core/lifecycle/proposals.ts';
import type { StatementState } from '../../core/lifecycle/statement-states.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Fund, Scheme } from '../../core/policy/terms.ts';
import type { StatementItem } from '../clearing/ports.ts';

/** What a proposal is about. */
export type SubjectKind = 'statement' | 'objection' | 'payment' | 'prefund' | 'request';

/** One of those things, by its id; a prefund is named `home-treatment`. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** Where money arrived, as the bank reports it. */
export interface BankReturn {
  readonly amount: Fen;
  readonly bank: string;
  readonly reference: string;
  readonly valueDate: DateText;
}

/** An item that is objected to, and why. */
export interface ObjectedItem {
  readonly settlementId: string;
  readonly reason: ObjectionReason;
  readonly words: string;
}

/** What is proposed. Amounts that the maker saw are in it, so that nothing is approved that has changed meanwhile. */
export type Act =
  | { readonly act: 'confirm'; readonly payable: Fen }
  | { readonly act: 'withdraw'; readonly words: string }
  | { readonly act: 'object'; readonly items: readonly ObjectedItem[] }
  | { readonly act: 'answer'; readonly accepted: boolean; readonly words: string }
  | { readonly act: 'decide'; readonly outcome: Outcome; readonly amount: Fen | undefined; readonly words: string }
  | { readonly act: 'send' }
  | ({ readonly act: 'return' } & BankReturn)
  | { readonly act: 'request'; readonly amount: Fen; readonly words: string }
  | { readonly act: 'review'; readonly granted: Fen; readonly words: string }
  | ({ readonly act: 'pay' } & BankReturn);

/** Something that a clerk wants to be done and a second one checks. */
export interface Proposal {
  readonly proposalId: string;
  readonly subject: Subject;
  readonly content: Act;
  /** The county whose clerks make and check it, or `operator`. */
  readonly desk: string;
  readonly state: ProposalState;
  readonly madeBy: string;
  readonly madeAtMs: number;
  readonly checkedBy: string | undefined;
  readonly checkedAtMs: number | undefined;
  /** Why it was sent back. */
  readonly reason: string | undefined;
}

/** A pair's statement with where it is in its life. `payable` = owed − disputed goes on to payment. */
export interface StatementLife {
  readonly statementId: string;
  readonly windowId: number;
  readonly businessDate: DateText;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly settlements: number;
  readonly itemsHash: string;
  readonly owed: Fen;
  /** What left the window under objection, whatever became of it since. */
  readonly disputed: Fen;
  readonly state: StatementState;
  /** The payment run that it is in. */
  readonly runId: string | undefined;
}

/** An objection to one item of a statement. */
export interface Objection {
  readonly objectionId: string;
  readonly statementId: string;
  readonly settlementId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly scheme: Scheme;
  /** What the funds paid for the item; what a personal account paid is the person's own and not objected to. */
  readonly objected: Fen;
  /** Whether it left its statement unpaid; what is objected to after that is claimed back. */
  readonly held: boolean;
  readonly reason: ObjectionReason;
  readonly words: string;
  readonly state: ObjectionState;
  readonly openedAtMs: number;
  readonly accepted: boolean | undefined;
  readonly answer: string | undefined;
  readonly answeredAtMs: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly deducted: Fen;
  readonly decision: string | undefined;
  readonly decidedAtMs: number | undefined;
  /** The window into which the outcome went. */
  readonly decidedWindowId: number | undefined;
  /** When the deduction was taken back, because the settlement was reversed afterwards. */
  readonly undoneAtMs: number | undefined;
}

/** A payment between two counties. */
export interface Payment extends Transfer {
  readonly paymentId: string;
  /** The month whose payments it belongs to. */
  readonly runId: string;
  readonly state: PaymentState;
  readonly instructedAtMs: number;
  readonly sentAtMs: number | undefined;
  readonly paidAtMs: number | undefined;
  readonly bank: string | undefined;
  readonly reference: string | undefined;
  readonly valueDate: DateText | undefined;
}

/** What is paid for a month. */
export interface PaymentRun {
  readonly runId: MonthText;
  readonly statements: number;
  readonly itemsHash: string;
  readonly instructedAtMs: number;
  readonly instructedBy: string;
}

/** A request for prefund, or for giving some of it back when the amount is negative. */
export interface PrefundRequest {
  readonly requestId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly kind: 'urgent' | 'yearly';
  readonly amount: Fen;
  readonly granted: Fen | undefined;
  readonly state: RequestState;
  readonly words: string;
  readonly requestedAtMs: number;
  readonly reviewedAtMs: number | undefined;
  readonly paidAtMs: number | undefined;
  readonly bank: string | undefined;
  readonly reference: string | undefined;
  readonly valueDate: DateText | undefined;
}

/** A bill of a statement, as far as objections need to know it. */
export interface ObjectedSettlement {
  readonly settlementId: string;
  readonly institutionId: string;
  readonly scheme: Scheme;
  readonly windowId: number;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly reverses: string | undefined;
  readonly funds: Readonly<Record<Fund, Fen>>;
  readonly fundTotal: Fen;
  /** Whether it is reversed by now. */
  readonly reversed: boolean;
  readonly objected: boolean;
}

/** What a transaction of the life after the night wants to see. */
export interface LifeNeed {
  readonly subject: Subject;
  /** Bills that are objected to. */
  readonly settlementIds?: readonly string[];
}

/** What it sees, with everything about the subject locked. */
export interface LifeState {
  /** The clearing window that is open; it cannot close before the transaction ends. */
  readonly openWindowId: number;
  /** Of the subject, oldest first. */
  readonly proposals: readonly Proposal[];
  /** The statement that is the subject, or that the objection is about. */
  readonly statement: StatementLife | undefined;
  /** States of the other statements of its window. */
  readonly besides: readonly StatementState[];
  readonly settlements: ReadonlyMap<string, ObjectedSettlement>;
  readonly objection: Objection | undefined;
  readonly payment: Payment | undefined;
  /** The request that is the subject, or the prefund's one that is neither paid nor refused. */
  readonly request: PrefundRequest | undefined;
  /** The prefund that is the subject, or that the request is about; 0 when there is none yet. */
  readonly prefund: Fen;
}

/** What it writes, all of it or nothing. */
export interface LifeWrites {
  readonly proposal?: Proposal;
  /** The statement's new state, what is disputed, and where its window is then. */
  readonly statement?: Pick<StatementLife, 'statementId' | 'windowId' | 'state' | 'disputed'>;
  readonly windowState?: 'issued' | 'confirmed' | 'paid';
  readonly objections?: readonly Objection[];
  readonly adjustments?: readonly Adjustment[];
  readonly entries?: readonly JournalEntry[];
  readonly payment?: Payment;
  /** After a payment: marks the statements of the run paid that wait for no other one, and windows with them. */
  readonly settlesRun?: string;
  readonly request?: PrefundRequest;
  /** New balance of a prefund. */
  readonly prefund?: { readonly homeRegion: string; readonly treatmentRegion: string; readonly balance: Fen };
  readonly atMs: number;
}

/** A new run of payments with all it needs. */
export interface NewRun {
  readonly run: PaymentRun;
  readonly payments: readonly Payment[];
  readonly entry: JournalEntry | undefined;
}

/** The life of statements after the night: under lock for those who change something. */
export interface LifeStore {
  /**
   * One transaction: lock → read → decide → write → commit. `decide` is synchronous; what it throws rolls back.
   *
   * @throws AppError DATABASE_UNAVAILABLE, DATABASE_BUSY (both retryable), UNIQUE_CONFLICT (a bank reference used before)
   */
  transact<T>(need: LifeNeed, decide: (state: LifeState) => { writes: LifeWrites | undefined; result: T }): Promise<T>;
  /**
   * Puts all confirmed statements of windows up to a day into a run, in one transaction with its payments and entry;
   * windows without statements are paid with it. Does nothing when the run is there.
   */
  instruct(
    runId: MonthText,
    lastDate: DateText,
    decide: (statements: readonly StatementLife[]) => NewRun,
  ): Promise<PaymentRun>;
  /** Objections whose deduction stands although their settlement was reversed since. */
  reversedDeductions(limit: number): Promise<readonly Objection[]>;
  /** Takes a deduction back, once: does nothing when it was. */
  undoDeduction(
    objectionId: string,
    atMs: number,
    decide: (
      objection: Objection,
      settlement: ObjectedSettlement,
      openWindowId: number,
    ) => {
      readonly adjustments: readonly Adjustment[];
      readonly entry: JournalEntry;
    },
  ): Promise<void>;
}

/** What to list: of one county, or of all when none is given. */
export interface ListQuery {
  readonly county?: string | undefined;
  readonly limit: number;
}

/** Whose items of a window, from which county. */
export interface InstitutionItems {
  readonly windowId: number;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
}

/** The life of statements as others look at it. */
export interface LifeQueries {
  proposal(proposalId: string): Promise<Proposal | undefined>;
  /** Of a desk, newest first. */
  proposals(desk: string | undefined, state: ProposalState | undefined, limit: number): Promise<readonly Proposal[]>;
  statement(statementId: string): Promise<StatementLife | undefined>;
  /** In one of some states, oldest first. */
  statements(states: readonly StatementState[], query: ListQuery): Promise<readonly StatementLife[]>;
  statementsOfRun(runId: string): Promise<readonly StatementLife[]>;
  objection(objectionId: string): Promise<Objection | undefined>;
  objectionsOf(statementId: string): Promise<readonly Objection[]>;
  /** Not decided yet, oldest first. */
  openObjections(query: ListQuery): Promise<readonly Objection[]>;
  /** An institution's items of one pair in a window, in the order of settlement ids, in pages. */
  institutionItems(of: InstitutionItems, after: string, limit: number): Promise<readonly StatementItem[]>;
  /** Counties whose people had bills of a county's institutions in a window, sorted. */
  homesIn(windowId: number, treatmentRegion: string): Promise<readonly string[]>;
  run(runId: string): Promise<PaymentRun | undefined>;
  payment(paymentId: string): Promise<Payment | undefined>;
  payments(runId: string | undefined, query: ListQuery): Promise<readonly Payment[]>;
  prefunds(): Promise<readonly { homeRegion: string; treatmentRegion: string; balance: Fen }[]>;
  request(requestId: string): Promise<PrefundRequest | undefined>;
  requests(query: ListQuery): Promise<readonly PrefundRequest[]>;
}

/** Days from the first to the last, both included. */
export interface Period {
  readonly from: DateText;
  readonly to: DateText;
}

/** A pair of counties. */
export interface Pair {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
}

/** What came into a pair's windows of a period from earlier ones. */
export interface AdjustmentSums extends Pair {
  readonly carried: Fen;
  /** Deductions less those taken back, as a negative amount. */
  readonly deducted: Fen;
}

/** What a pair's statements of a period come to. */
export interface PeriodSums extends Pair {
  readonly statements: number;
  readonly settlements: number;
  readonly owed: Fen;
  readonly carried: Fen;
  readonly deducted: Fen;
  /** As it was when the record was made. */
  readonly disputed: Fen;
  /** See `periodHash`. */
  readonly statementsHash: string;
  readonly madeAtMs: number;
}

/** The notice of a month to both sides of a pair. */
export interface MonthlyNotice extends PeriodSums {
  readonly month: MonthText;
  /** Bills and reversals whose service lies further back than an item may slip. */
  readonly lateItems: number;
}

/** How a year ended for a pair. */
export interface YearlyLiquidation extends PeriodSums {
  readonly year: number;
  /** Of the year's statements, what is paid. */
  readonly paid: Fen;
  readonly prefund: Fen;
}

/** What the calendar looks at and puts on record. Records are made once: putting them again changes nothing. */
export interface CalendarStore {
  firstDate(): Promise<DateText | undefined>;
  /** Windows of a period that are not issued yet. */
  unissued(period: Period): Promise<number>;
  statementsIn(period: Period): Promise<readonly StatementLife[]>;
  adjustmentsIn(period: Period): Promise<readonly AdjustmentSums[]>;
  /** Bills of a period's windows, of pairs alone, whose service was before a day. */
  lateItems(period: Period, before: DateText): Promise<readonly (Pair & { readonly items: number })[]>;
  putNotices(notices: readonly MonthlyNotice[]): Promise<void>;
  notices(month: MonthText): Promise<readonly MonthlyNotice[]>;
  putLiquidations(liquidations: readonly YearlyLiquidation[]): Promise<void>;
  liquidations(year: number): Promise<readonly YearlyLiquidation[]>;
  /** Pairs whose prefund was resized for a year: their request was made, whatever became of it. */
  resized(year: number): Promise<readonly Pair[]>;
  /** What was paid into prefunds from an instant on, less what was given back, by pair. */
  paidIntoPrefunds(sinceMs: number): Promise<readonly (Pair & { readonly amount: Fen })[]>;
}
