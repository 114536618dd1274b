import type { Fen } from '../money/fen.ts';

/**
 * How a home fund wants its people to be settled while its own system cannot be asked.
 *
 * @source config/partners
 */
export interface FundTerms {
  readonly region: string;
  /** Whether its system is asked afresh when the copy of a person is too old. */
  readonly freshEligibility: boolean;
  /** A copy older than this is asked after. */
  readonly copyAgeMaxMs: number;
  /** How long an answer is waited for at the counter. */
  readonly deadlineMs: number;
  /** What may be settled from the copy when no answer comes. */
  readonly standIn: {
    /** What the fund and its accounts pay of one bill, at most. */
    readonly amountMax: Fen;
    readonly copyAgeMaxMs: number;
    /** What they pay of all provisional bills of a day, at most. */
    readonly exposurePerDayMax: Fen;
  };
  /** Without an answer for so long a provisional settlement becomes a case. */
  readonly confirmWithinMs: number;
}
