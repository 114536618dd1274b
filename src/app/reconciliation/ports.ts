import type { DateText } from '../../core/calendar.ts';
import type { Difference } from '../../core/reconcile/classify.ts';
import type { CorrectionAction } from '../../core/reconcile/correction.ts';
import type { JournalEntry } from '../../core/ledger/journal.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import type { DifferenceClass, Figures, FileSource, RelatedRow, Unmatched } from '../../core/reconcile/rows.ts';
import type { ClearingType, Totals } from '../../core/reconcile/totals.ts';
import type { LineForm } from './line-form.ts';

/**
 * Where a file is on its way.
 *
 * - `loading` → `loaded` (every line is good; what does not agree with our books is stored) → `matched` (every difference is known) → `closed` (every one decided)
 * - `refused`: the file is bad, nothing of it is kept but what is wrong · `superseded`: a later file took its place
 */
export type RunState = 'loading' | 'loaded' | 'matched' | 'closed' | 'refused' | 'superseded';

/** One thing that is wrong with a file, where it stands. */
export interface LineProblem {
  /** From 1, the header included; 0 for the file itself. */
  readonly line: number;
  /** Number of the column, from 1; 0 for the line as a whole. */
  readonly column: number;
  /** Name of the column, or empty. */
  readonly name: string;
  readonly problem: string;
}

/** Totals of a file, or of our books for the same period and party, of settlements and of reversals. */
export interface RunTotals {
  readonly settled: Totals;
  readonly refunded: Totals;
}

/** What a file is about, and which file it is. */
export interface RunFile {
  readonly source: FileSource;
  /** Institution id, or the fund's region. */
  readonly party: string;
  /** County of the party: its clerks decide. */
  readonly region: string;
  readonly windowId: number;
  readonly businessDate: DateText;
  readonly form: LineForm['name'];
  readonly fileName: string;
  readonly sha256: string;
  /** As sent; once it is read, of the unpacked file. */
  readonly bytesTotal: number;
  readonly sentBy: string;
}

/** One file held against our books for one business day. */
export interface ReconciliationRun extends RunFile {
  readonly runId: number;
  readonly state: RunState;
  /** Of the unpacked file. */
  readonly bytesDone: number;
  readonly lines: number;
  readonly fileTotals: RunTotals | undefined;
  readonly ourTotals: RunTotals | undefined;
  readonly differences: number;
  readonly problems: readonly LineProblem[];
  readonly closedBy: string | undefined;
  readonly startedAtMs: number;
  readonly touchedAtMs: number;
  readonly loadedAtMs: number | undefined;
  readonly matchedAtMs: number | undefined;
  readonly closedAtMs: number | undefined;
}

/**
 * Lines that are good. First what must agree with our books, a {@link ComparedText}: settlement id, refund, person, total,
 * fund total, account in fen; then line number, visit, hash of rules. TAB between them, `\N` for nothing, a line break after
 * each. No byte in them needs an escape.
 */
export interface StagedLines {
  readonly lines: number;
  readonly bytes: Buffer;
}

/** What is known of a file once it is read to the end and compared. */
export interface LoadedFacts {
  readonly form: LineForm['name'];
  readonly fileTotals: RunTotals;
  readonly ourTotals: RunTotals;
}

/** Which runs, newest first. */
export interface RunFilter {
  readonly source?: FileSource | undefined;
  readonly party?: string | undefined;
  readonly region?: string | undefined;
  readonly windowId?: number | undefined;
  readonly limit: number;
}

/** A run that was started, or found. */
export interface BegunRun {
  readonly run: ReconciliationRun;
  /** It is the caller's to read. */
  readonly isNew: boolean;
  /** It is loaded already, and the caller's to match. */
  readonly isLeft: boolean;
}

/** Runs, and lines of their files while they are needed. */
export interface RunStore {
  /**
   * Starts a run, or finds the one of the same file. A run that was refused, or whose process has said nothing since
   * `staleBeforeMs`, is started again from nothing; one that such a process has loaded is left to the caller to match.
   */
  begin(file: RunFile, nowMs: number, staleBeforeMs: number): Promise<BegunRun>;
  /** Says that somebody still works on a run, or will. */
  touch(runId: number, nowMs: number): Promise<void>;
  /** The window of a business day. */
  windowOn(businessDate: DateText): Promise<{ readonly windowId: number; readonly isClosed: boolean } | undefined>;
  /** Whether a run of this party and window is closed. */
  hasClosed(source: FileSource, party: string, windowId: number): Promise<boolean>;
  /** Stores lines, a few ten thousand a call; they count for nothing before `loaded`. */
  append(runId: number, lines: StagedLines): Promise<void>;
  progress(
    runId: number,
    progress: Pick<ReconciliationRun, 'bytesDone' | 'bytesTotal' | 'lines'>,
    nowMs: number,
  ): Promise<void>;
  /** Stored lines that are there twice, word for word, at most `limit`; with the line that was first. */
  repeats(runId: number, limit: number): Promise<readonly { readonly lineNo: number; readonly firstNo: number }[]>;
  /** Makes negative lines that name the settlement they undo stand for its reversal, wherever there is one. */
  resolveRefunds(runId: number): Promise<void>;
  /** False, and nothing is done, where somebody who took us for dead has begun the run again meanwhile. */
  loaded(run: ReconciliationRun, facts: LoadedFacts, nowMs: number): Promise<boolean>;
  /** Removes all that is stored of the file and says why. */
  refuse(runId: number, problems: readonly LineProblem[], nowMs: number): Promise<void>;
  find(runId: number): Promise<ReconciliationRun | undefined>;
  list(filter: RunFilter): Promise<readonly ReconciliationRun[]>;
  /** Closes a matched run whose differences are all decided; false when it is not so far. */
  close(runId: number, closedBy: string, nowMs: number): Promise<boolean>;
}

/**
 * What a row of ours, or a line, says where both must agree: settlement id, refund (0 or 1), person, total, fund total,
 * account in fen, with TAB between them. Two that say the same are the same text. Ids are of letters, digits, ".", "_" and
 * "-", above TAB and below "~": such texts sort as their ids do.
 */
export type ComparedText = string;

/** A row of ours and whose it is. */
export interface OurRow {
  readonly party: string;
  readonly text: ComparedText;
}

/** An id on which our books and a file do not agree, and the lines about it that are not stored yet. */
export interface UnmatchedId {
  readonly runId: number;
  readonly settlementId: string;
  /** Each as in {@link StagedLines}, without a line break. */
  readonly lines: readonly string[];
}

/** Both sides of a comparison as texts in the order of ids, and what came of it. */
export interface CompareStore {
  /**
   * Our side of a window, in pages, each party's rows in the order of ids: once through the window for any number of
   * parties, or party by party where they are few.
   */
  ours(source: FileSource, windowId: number, parties: readonly string[]): AsyncIterable<readonly OurRow[]>;
  /** Lines of a run that are stored, in pages. */
  stored(runId: number): AsyncIterable<readonly ComparedText[]>;
  /** Keeps what does not agree, a few thousand a call; it counts for nothing before `loaded`. */
  keep(unmatched: readonly UnmatchedId[]): Promise<void>;
}

/** What one page of matching found. */
export interface Candidate {
  readonly unmatched: Unmatched;
  /** Whether our books have the lines' id for another party: then the file is somebody else's. */
  readonly isForeign: boolean;
}

/** What there is to know about ids that did not agree, and what was made of it. */
export interface MatchStore {
  /** All that is unmatched of a run, in pages in the order of ids. */
  unmatched(run: ReconciliationRun): AsyncIterable<readonly Candidate[]>;
  /** Removes what an earlier try recorded; answers with the runs that are still to be matched. */
  restart(runIds: readonly number[]): Promise<readonly number[]>;
  /** Differences of a run, numbered from `firstNo`. */
  record(run: ReconciliationRun, firstNo: number, differences: readonly Difference[]): Promise<void>;
  /**
   * Marks a run matched, and removes all that was stored of its file, which its differences tell as far as it matters.
   * Earlier runs of its party and window are superseded.
   */
  matched(runId: number, differences: number, nowMs: number): Promise<void>;
}

/** What a decision about a difference has come to. */
export type DifferenceState = 'open' | 'proposed' | 'accepted' | 'refused';

/** A difference as recorded. */
export interface RecordedDifference {
  readonly runId: number;
  readonly differenceNo: number;
  readonly class: DifferenceClass;
  readonly action: CorrectionAction;
  readonly adjustBy: Fen;
  readonly refund: boolean;
  readonly homeRegion: string | undefined;
  readonly treatmentRegion: string | undefined;
  readonly ours:
    | (Figures & {
        readonly settlementId: string;
        readonly institutionId: string;
        readonly billNumber: string;
        readonly personId: string;
        readonly scheme: Scheme;
      })
    | undefined;
  readonly line:
    | (Figures & {
        readonly lineNo: number;
        readonly settlementId: string;
        readonly visitId: string;
        readonly personId: string;
      })
    | undefined;
  readonly related: RelatedRow | undefined;
  readonly state: DifferenceState;
  readonly proposedBy: string | undefined;
  /** County of the first of two. */
  readonly proposedRegion: string | undefined;
  readonly decidedBy: string | undefined;
  readonly decidedAtMs: number | undefined;
  readonly reason: string | undefined;
  /** Journal entry or reversal that accepting it wrote. */
  readonly outcomeId: string | undefined;
}

/** Which differences, in the order of runs and numbers. */
export interface DifferenceFilter {
  readonly runId?: number | undefined;
  readonly class?: DifferenceClass | undefined;
  readonly state?: DifferenceState | undefined;
  /** Those of settlements or runs of this county. */
  readonly region?: string | undefined;
  /** Those of this party's runs. */
  readonly party?: string | undefined;
  readonly after?: { readonly runId: number; readonly differenceNo: number } | undefined;
  readonly limit: number;
}

/** Who decided, when and why. */
export interface Decision {
  readonly runId: number;
  readonly differenceNo: number;
  readonly by: string;
  readonly atMs: number;
  readonly reason: string;
}

/** Differences and what became of them. Each method answers false when the difference is not in the state it starts from. */
export interface DifferenceStore {
  find(runId: number, differenceNo: number): Promise<RecordedDifference | undefined>;
  list(filter: DifferenceFilter): Promise<readonly RecordedDifference[]>;
  /** How many differences of each class a run has; classes without one are absent. */
  countByClass(runId: number): Promise<Readonly<Record<string, number>>>;
  /**
   * Asked before a settlement is reversed, because accepting that afterwards would come too late.
   *
   * @throws AppError ALREADY_CORRECTED when a difference of the settlement was accepted with money
   */
  requireUncorrected(settlementId: string): Promise<void>;
  /** open → proposed: the first of two people. */
  propose(decision: Decision, region: string): Promise<boolean>;
  /** open or proposed → refused. */
  refuse(decision: Decision): Promise<boolean>;
  /** open → accepted, where no money moves; proposed → accepted with the reversal that was made. */
  accept(
    decision: Decision,
    outcome?: { readonly reversalId: string; readonly settlementId: string },
  ): Promise<boolean>;
}

/** What an accepted adjustment does to the clearing of the open window. */
export interface WindowAdjustment {
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly scheme: Scheme;
  readonly amount: Fen;
}

/** Writes corrections that move money. */
export interface AdjustmentSink {
  /**
   * proposed → accepted, the journal entry and the adjustment of the open window's gross, all or nothing; false when the
   * difference is not proposed any more.
   *
   * @throws AppError ALREADY_CORRECTED when another difference of the same settlement was accepted with money,
   *   ITEM_OBJECTED when an objection to it is open or took something off
   */
  adjust(decision: Decision, entry: JournalEntry, adjustment: WindowAdjustment): Promise<boolean>;
}

/** What 3201 asks for: one group of settlements over some days. */
export interface TotalsQuestion {
  readonly institutionId: string;
  readonly from: DateText;
  readonly to: DateText;
  readonly scheme: Scheme;
  readonly clearingType: ClearingType;
  /** Undefined: settlements and reversals together, reversals negative. */
  readonly refund: boolean | undefined;
}

/** Sums of our books by the day on which it was settled. */
export interface TotalsStore {
  totals(question: TotalsQuestion): Promise<Totals>;
}
