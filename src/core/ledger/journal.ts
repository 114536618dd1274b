import { invariant } from '../invariant.ts';
import type { Posting } from './postings.ts';

/** What enters postings beside settlements and reversals; `case`: what a home fund grants and pays to a person by hand. */
export type JournalKind = 'deduction' | 'correction' | 'prefund' | 'payment' | 'case';

/** Characters that the reason of an entry may have. */
export const REASON_MAX = 500;

/** Something that a person or the calendar entered in the ledger. Append-only: a mistake is undone by another entry. */
export interface JournalEntry {
  readonly entryId: string;
  readonly kind: JournalKind;
  /** What it is about: a settlement, a statement, an objection, a difference… */
  readonly subjectId: string;
  readonly enteredAtMs: number;
  /**
   * Who entered it, in one form only: a person as `person@desk`, such as `wang@320509` or `night@operator`; two people who did it
   * together with a space between them, who proposed first; a job by its name, `calendar`. See {@link enteredBy}.
   */
  readonly enteredBy: string;
  readonly reason: string;
  readonly postings: readonly Posting[];
}

/**
 * A person at a desk as an entry names them.
 *
 * @shape person, region of the county or `operator` → `person@desk`
 */
export function enteredBy(person: string, desk: string): string {
  return `${person}@${desk}`;
}

/**
 * Holds an entry against the law of double entry: it says something, in whole fen, and in each county's book its legs
 * come to 0.
 *
 * @units fen
 * @throws InvariantViolation
 */
export function assertBalanced({ postings }: Pick<JournalEntry, 'postings'>): void {
  invariant(postings.length > 0, 'an entry has postings');
  const books = new Map<string, number>();
  for (const { book, amount } of postings) {
    invariant(Number.isSafeInteger(amount) && amount !== 0, 'every posting is a whole number of fen other than 0');
    books.set(book, (books.get(book) ?? 0) + amount);
  }
  for (const sum of books.values()) invariant(sum === 0, 'the postings of an entry come to 0 in each book');
}
