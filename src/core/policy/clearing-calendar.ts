import type { DateText } from '../calendar.ts';
import type { Ratio } from '../money/fen.ts';
import type { Provenance } from './parameter.ts';

/** A value of the calendar, with where it comes from. */
export interface Tagged<T> {
  readonly value: T;
  readonly source: string;
  readonly provenance: Provenance;
}

/** Who decides something between two counties; `operator` stands for whoever is above both. */
export type Decider = 'home' | 'treatment' | 'operator';

/** All days, periods and thresholds of clearing after the night. Days of a month beyond its end mean its last day. */
export interface ClearingCalendar {
  readonly holidays: ReadonlySet<DateText>;
  /** Saturdays and Sundays that are worked. */
  readonly workdays: ReadonlySet<DateText>;
  /** Day of the following month on which the month's notices are made. */
  readonly noticeDay: Tagged<number>;
  /** Day of the following month by which both sides confirm. */
  readonly confirmDay: Tagged<number>;
  /** Day of the following month on which payments are instructed. */
  readonly instructDay: Tagged<number>;
  /** Business days for handing an instruction to the treasury, and then for paying it. */
  readonly handoverDays: Tagged<number>;
  readonly payDays: Tagged<number>;
  /** Months that an item may slip before it counts as late. */
  readonly lateMonths: Tagged<number>;
  /** Month of the next year by whose end a year is liquidated. */
  readonly liquidationMonth: Tagged<number>;
  /** Business days for the answer to an objection, and for the decision after it. */
  readonly answerDays: Tagged<number>;
  readonly decisionDays: Tagged<number>;
  /** Who decides an objection that the treatment county accepts, and one that it does not. */
  readonly decider: Tagged<Decider>;
  readonly contestedDecider: Tagged<Decider>;
  /** Usage of a prefund from which it is yellow, and red. */
  readonly yellowUsage: Tagged<Ratio>;
  readonly redUsage: Tagged<Ratio>;
  /** A prefund is this many times the monthly mean of the fourth quarter. */
  readonly prefundMonths: Tagged<number>;
  /** Month and day on which the yearly resizing is made, and the month by whose end it is paid. */
  readonly resizeMonth: Tagged<number>;
  readonly resizePaidMonth: Tagged<number>;
  /** Business days for asking for an urgent top-up, from the confirmation of the month. */
  readonly topUpDays: Tagged<number>;
  readonly topUpReviewer: Tagged<Decider>;
}
