import type { DateText } from '../calendar.ts';
import { actingSide, type CaseStanding, type CaseState } from '../lifecycle/case-states.ts';
import type { Provenance } from '../policy/parameter.ts';
import { addWorkingDays, subtractWorkingDays, type WorkingCalendar } from '../working-days.ts';
import type { CaseReason } from './terms.ts';

/** Something that a county wants to see before it decides. */
export interface ChecklistItem {
  readonly id: string;
  readonly name: string;
  readonly nameEn: string;
  /** Without it a case is not complete. */
  readonly required: boolean;
  /** It is not enough that it is there: a clerk must have looked at it (a signature in ink). */
  readonly toVerify: boolean;
  readonly source: string;
  readonly provenance: Provenance;
}

/** How long a county has for what is to be done in a state. */
export interface Deadline {
  readonly state: CaseState;
  readonly workingDays: number;
  /** Working days before the last day from which on it is reminded. */
  readonly remindBefore: number;
  readonly source: string;
  readonly provenance: Provenance;
}

/** How one county handles cases. */
export interface CountyHandling {
  readonly region: string;
  readonly checklists: ReadonlyMap<CaseReason, readonly ChecklistItem[]>;
  readonly deadlines: ReadonlyMap<CaseState, Deadline>;
}

/** How all counties do, and the days on which they work. */
export interface HandlingRules {
  readonly counties: ReadonlyMap<string, CountyHandling>;
  readonly calendar: WorkingCalendar;
}

/** The two counties of a case. */
export interface CasePair {
  readonly openingRegion: string;
  readonly decidingRegion: string;
}

/** Whose turn it is, until when, and from when on to remind. */
export interface CaseDue {
  readonly actingRegion: string | undefined;
  readonly dueDate: DateText | undefined;
  readonly remindFrom: DateText | undefined;
}

/** What the deciding county wants for a reason; nothing where it said nothing. */
export function checklistFor(
  { counties }: HandlingRules,
  { decidingRegion }: CasePair,
  reason: CaseReason,
): readonly ChecklistItem[] {
  return counties.get(decidingRegion)?.checklists.get(reason) ?? [];
}

/**
 * When a case that comes into a state today is due, by the data of the county whose turn it is.
 *
 * @shape none where it is nobody's turn or the county set no limit
 */
export function dueOf(rules: HandlingRules, pair: CasePair, standing: CaseStanding, today: DateText): CaseDue {
  const side = actingSide(standing);
  if (side === undefined) return { actingRegion: undefined, dueDate: undefined, remindFrom: undefined };
  const actingRegion = side === 'opening' ? pair.openingRegion : pair.decidingRegion;
  const deadline = rules.counties.get(actingRegion)?.deadlines.get(standing.state);
  if (deadline === undefined) return { actingRegion, dueDate: undefined, remindFrom: undefined };
  const dueDate = addWorkingDays(today, deadline.workingDays, rules.calendar);
  const remindFrom = subtractWorkingDays(dueDate, deadline.remindBefore, rules.calendar);
  return { actingRegion, dueDate, remindFrom: remindFrom < today ? today : remindFrom };
}

/** What keeps a case from being complete, item by item. */
export interface LackingItem {
  readonly item: string;
  readonly lacks: 'material' | 'verification';
}

/** Holds what is there against a checklist. An optional item that is there must be verified as well. */
export function lackingItems(
  checklist: readonly ChecklistItem[],
  provided: ReadonlySet<string>,
  verified: ReadonlySet<string>,
): LackingItem[] {
  return checklist.flatMap(({ id, required, toVerify }): LackingItem[] => {
    if (!provided.has(id)) return required ? [{ item: id, lacks: 'material' }] : [];
    return toVerify && !verified.has(id) ? [{ item: id, lacks: 'verification' }] : [];
  });
}
