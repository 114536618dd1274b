import type { AccountBalances, Facts } from '../adjudicate/facts.ts';
import type { Fen } from '../money/fen.ts';
import type { Rulebook } from './rulebook.ts';
import type { AccountSource, Fund } from './terms.ts';

/** Amounts of a whole bill that a case may name. `deductible` is what the benefits' deductibles took of the bill. */
export type ExpectedAmount =
  | 'total'
  | 'fullSelfPay'
  | 'overLimit'
  | 'firstSelfPay'
  | 'eligible'
  | 'outOfArea'
  | 'deductible'
  | Fund
  | 'fundTotal'
  | 'personTotal'
  | 'account'
  | AccountSource
  | 'cash';

/** What a case says of one line. */
export interface ExpectedLine {
  readonly fullSelfPay?: Fen | undefined;
  readonly overLimit?: Fen | undefined;
  readonly firstSelfPay?: Fen | undefined;
  readonly eligible?: Fen | undefined;
  readonly reason?: string | undefined;
}

/** What a case expects of a bill; what it does not name is not compared. */
export interface Expectation {
  readonly amounts: Readonly<Partial<Record<ExpectedAmount, Fen>>>;
  /** By line number. */
  readonly lines: ReadonlyMap<number, ExpectedLine>;
  /** After the step, by name: fen, or a plain count of admissions. */
  readonly accumulators: Readonly<Record<string, number>>;
  readonly rejection: string | undefined;
}

/** A bill to adjudicate, or an earlier one to undo. Accumulators and accounts come from the steps before. */
export type CaseStep =
  | {
      readonly kind: 'bill';
      readonly facts: Omit<Facts, 'accumulators' | 'accounts'>;
      readonly expect: Expectation;
    }
  | {
      readonly kind: 'reversal';
      /** Number of the step that it undoes, from 1. */
      readonly of: number;
      readonly expect: Expectation;
    };

/**
 * Facts with the amounts that they must come to.
 *
 * @units fen
 * @source config/policies/README.md, Cases
 */
export interface WorkedCase {
  readonly file: string;
  readonly name: string;
  readonly source: string | undefined;
  readonly rulebook: Rulebook;
  readonly accounts: AccountBalances;
  /** By name, in the benefit year of the first bill. */
  readonly accumulators: Readonly<Record<string, number>>;
  readonly steps: readonly CaseStep[];
}
