import type { ClearingCalendar } from '../../core/policy/clearing-calendar.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CalendarStore, LifeQueries, LifeStore } from './ports.ts';

/** What the steps of the calendar need from outside. */
export interface CalendarDeps {
  readonly calendarStore: CalendarStore;
  readonly life: LifeStore;
  readonly lifeQueries: LifeQueries;
  readonly calendar: () => ClearingCalendar;
  readonly clock: Clock;
  readonly newId: () => string;
}
