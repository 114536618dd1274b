import type { BillRequest } from '../http/schemas/bills.ts';

/** What a visit is there to show. */
export type Story =
  | 'ordinary'
  | 'persona'
  | 'refundLine'
  | 'reversal'
  | 'corrected'
  | 'repeat'
  | 'conflict'
  | 'unlisted'
  | 'restricted'
  | 'splitPack'
  | 'emergency'
  | 'familyAccount'
  | 'dialysis'
  | 'tumour'
  | 'bandAndCap'
  | 'notInsured'
  | 'suspended';

/** One thing that a hospital does, and what it expects to hear. */
export type Step =
  | { readonly do: 'settle'; readonly bill: BillRequest; readonly expect: 'settled' | 'repeat' | 'conflict' }
  | { readonly do: 'settle'; readonly bill: BillRequest; readonly expect: 'refused'; readonly code: string }
  /** Takes back what the step before settled. */
  | { readonly do: 'reverse'; readonly reason: string };

/** The steps of one patient at one institution, in order. */
export interface Visit {
  readonly story: Story;
  readonly institutionId: string;
  readonly steps: readonly Step[];
}

/** A settlement that goes through. */
export function settles(bill: BillRequest): Step {
  return { do: 'settle', bill, expect: 'settled' };
}

/** A lawful no. */
export function isRefused(bill: BillRequest, code: string): Step {
  return { do: 'settle', bill, expect: 'refused', code };
}
