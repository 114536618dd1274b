import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import type { Refusal } from '../../core/lifecycle/refusal.ts';
import type { LifeWrites } from './ports.ts';

/** Who does something, when, and by which calendar. */
export interface ActContext {
  /** The county whose clerk it is, or `operator`. */
  readonly desk: string;
  readonly person: string;
  readonly nowMs: number;
  readonly newId: () => string;
  readonly calendar: ClearingCalendar;
}

/** What comes of an act: what is written, or a lawful no. `hidden` is for those who may not even know of the subject. */
export type ActResult = { readonly writes: Omit<LifeWrites, 'atMs' | 'proposal'> } | Refusal | 'hidden';
