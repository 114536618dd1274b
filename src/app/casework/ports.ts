import type { DateText } from '../../core/calendar.ts';
import type { CaseForm, CaseReason, ServiceForm } from '../../core/casework/terms.ts';
import type { MaterialType } from '../../core/casework/media-type.ts';
import type { JournalEntry } from '../../core/ledger/journal.ts';
import type { CaseAction, CaseSide, CaseState } from '../../core/lifecycle/case-states.ts';
import type { Fen } from '../../core/money/fen.ts';
import type { Fund } from '../../core/policy/terms.ts';

/** A case as it stands. Every change raises its version by 1 and leaves an event of that number. */
export interface CaseRecord {
  readonly caseId: string;
  readonly reason: CaseReason;
  /** What it is about: a settlement, a bill, an objection, or the key of the clerk's request. One case a reason and subject. */
  readonly subjectId: string;
  /** Of what it was opened with, so that a repeat is told from another request under the same key. */
  readonly contentHash: string;
  readonly reasonText: string;
  readonly serviceForm: CaseForm;
  readonly personId: string;
  readonly openingRegion: string;
  /** The person's home county. */
  readonly decidingRegion: string;
  readonly institutionId: string | undefined;
  readonly settlementId: string | undefined;
  readonly billNumber: string | undefined;
  readonly claimed: Fen;
  readonly granted: Fen;
  readonly funds: Readonly<Record<Fund, Fen>>;
  readonly state: CaseState;
  readonly actingRegion: string | undefined;
  readonly dueDate: DateText | undefined;
  readonly remindFrom: DateText | undefined;
  readonly decidedBy: string | undefined;
  readonly openedOn: DateText;
  readonly openedAtMs: number;
  readonly changedAtMs: number;
  readonly version: number;
}

/** Who acts on a case. */
export interface CaseActor {
  /** Name of the clerk, or of the part of the engine. */
  readonly id: string;
  /** The clerk's county; undefined for the engine. */
  readonly region: string | undefined;
}

/** One thing that was done, never changed again. */
export interface CaseEvent {
  /** From 1, without gaps: the version of the case that it made. */
  readonly seq: number;
  readonly action: CaseAction | 'open';
  readonly side: CaseSide;
  readonly doneBy: string;
  readonly region: string | undefined;
  readonly from: CaseState | undefined;
  readonly to: CaseState;
  readonly doneAtMs: number;
  /** The item or material that it was about, or the reference of a payment. */
  readonly about: string | undefined;
  readonly note: string;
}

/** A file that somebody handed in. */
export interface Material {
  readonly materialId: string;
  readonly caseId: string;
  readonly itemId: string;
  readonly name: string;
  readonly mediaType: MaterialType;
  readonly bytes: number;
  readonly sha256: string;
  readonly addedBy: string;
  readonly addedRegion: string;
  readonly addedAtMs: number;
  /** Since when its file is known not to be there. */
  readonly missingSinceMs: number | undefined;
}

/** A tick: a clerk has looked at what was handed in for an item and found it good. */
export interface Verification {
  readonly itemId: string;
  readonly verifiedBy: string;
  readonly verifiedRegion: string;
  readonly verifiedAtMs: number;
}

/** Somebody looked at a material. */
export interface Look {
  readonly lookId: string;
  readonly materialId: string;
  readonly seenBy: string;
  readonly seenRegion: string;
  readonly seenAtMs: number;
  readonly why: string;
}

/** A day on which a county was reminded of a case. */
export interface Reminder {
  readonly remindedOn: DateText;
  readonly region: string;
  readonly dueDate: DateText;
}

/** Everything about a case. */
export interface CaseFile {
  readonly record: CaseRecord;
  readonly events: readonly CaseEvent[];
  readonly materials: readonly Material[];
  readonly verifications: readonly Verification[];
  readonly reminders: readonly Reminder[];
}

/** One change of a case, all of it or nothing. */
export interface CaseChange {
  /** As it is afterwards; its version is one above the one that is changed. */
  readonly record: CaseRecord;
  readonly event: CaseEvent;
  readonly material?: Material;
  readonly verify?: Verification;
  readonly unverify?: string;
  /** What it moves in the ledger. */
  readonly entry?: JournalEntry | undefined;
}

/** Which cases to list. */
export interface CaseFilter {
  /** Either side. */
  readonly region: string;
  readonly state?: CaseState | undefined;
  /** Those before this id, newest first. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** How often one form of service was given between two counties in a month. */
export interface ServiceCount {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly serviceForm: ServiceForm;
  /** Where the person came to the window or was treated. */
  readonly openingRegion: string;
  readonly decidingRegion: string;
  readonly count: number;
}

/** An objection that was decided against the patient: the fund does not pay for this person, or not for this service. */
export interface UpheldObjection {
  readonly objectionId: string;
  readonly homeRegion: string;
  readonly treatmentRegion: string;
  readonly institutionId: string;
  readonly settlementId: string;
  readonly personId: string;
  readonly billNumber: string;
  readonly deducted: Fen;
  readonly decision: string;
}

/** Cases, as they are kept. Every method may throw AppError DATABASE_UNAVAILABLE or DATABASE_BUSY (both retryable). */
export interface CaseStore {
  /** False when there is one of the same reason and subject already. */
  create(record: CaseRecord, event: CaseEvent): Promise<boolean>;
  byId(caseId: string): Promise<CaseRecord | undefined>;
  bySubject(reason: CaseReason, subjectId: string): Promise<CaseRecord | undefined>;
  file(caseId: string): Promise<CaseFile | undefined>;
  list(filter: CaseFilter): Promise<readonly CaseRecord[]>;
  /** Cases of a county, on either side, that are due on that day or before, the longest overdue first. */
  due(region: string, by: DateText, limit: number): Promise<readonly CaseRecord[]>;
  /** False, and nothing written, when the case is not of the version before the change's. */
  change(change: CaseChange): Promise<boolean>;
  material(materialId: string): Promise<Material | undefined>;
  recordLook(look: Look): Promise<void>;
  looks(materialId: string): Promise<readonly Look[]>;
  /** Reminds of every case that is to be reminded of on a day; answers how many were not yet. Again the same day: none. */
  remind(today: DateText): Promise<number>;
  /** Straight-through ones are settlements between two counties less reversals; the others cases, by the day opened. */
  counts(fromMonth: string, toMonth: string): Promise<readonly ServiceCount[]>;
  /** Counts what was settled in windows that are closed, once each, for {@link counts} to read; answers how many windows. */
  keepCounts(): Promise<number>;
  /** Objections upheld against patients, whole or in part, that no case is about; the oldest first. */
  objectionsAgainstPatients(limit: number): Promise<readonly UpheldObjection[]>;
  /** Which of these hashes some material has. */
  knownHashes(hashes: readonly string[]): Promise<ReadonlySet<string>>;
  /** Hashes of materials after a hash, in order, with whether they are marked as missing. */
  hashesAfter(
    after: string,
    limit: number,
  ): Promise<readonly { readonly sha256: string; readonly isMissing: boolean }[]>;
  /** Marks all materials of a hash as missing since an instant, or as there again. */
  markMissing(sha256: string, sinceMs: number | undefined): Promise<void>;
}

/** A file that is being written where nobody finds it yet. */
export interface FileDraft {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes it durable under its hash, in one step; a file of the same content is replaced by its like. */
  keep(sha256: string): Promise<void>;
  /** Removes what was written, if anything is left of it. */
  discard(): Promise<void>;
}

/** Files of materials by their SHA-256, outside of what is served. */
export interface MaterialFiles {
  begin(): Promise<FileDraft>;
  /** Undefined when it is not there. */
  open(sha256: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  has(sha256: string): Promise<boolean>;
  /** Hashes of kept files that begin with two hex digits, of those not written after an instant. */
  kept(prefix: string, writtenBeforeMs: number): Promise<readonly string[]>;
  /** Removes a kept file unless it was written again meanwhile. */
  remove(sha256: string, writtenBeforeMs: number): Promise<boolean>;
  /** Removes drafts that nobody goes on with; answers how many. */
  removeDrafts(writtenBeforeMs: number): Promise<number>;
}
