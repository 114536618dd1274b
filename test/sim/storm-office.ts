import { setTimeout as sleep } from 'node:timers/promises';
import { checkProposal } from '../../src/app/lifecycle/check-proposal.ts';
import { makeProposal } from '../../src/app/lifecycle/make-proposal.ts';
import type { Act, Subject } from '../../src/app/lifecycle/ports.ts';
import { runCalendar } from '../../src/app/lifecycle/run-calendar.ts';
import type { ClearingCalendar } from '../../src/core/policy/clearing-calendar.ts';
import type { Database } from '../../src/db/open-database.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { AppError } from '../../src/platform/errors.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { shippedCalendar } from '../support/life.ts';

const ASK_AGAIN_MS = 20;

/** The clerks of all counties, who ask again while the database is away, and take a lawful no for an answer. */
export interface Office {
  readonly database: Database;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Adds one to what was done. */
  count(what: string): void;
  /** Asks until there is an answer; other errors are thrown. */
  answered<T>(ask: () => Promise<T>): Promise<T>;
  /** The same, where the answer may be a refusal: undefined then. */
  lawful<T>(ask: () => Promise<T>): Promise<T | undefined>;
  /** Two clerks of a desk do something, and now and then two check at once; false when it is refused. */
  act(subject: Subject, act: Act, desk: string, checkers?: readonly string[]): Promise<boolean>;
  /** What the calendar finds due tonight. */
  keepCalendar(): Promise<void>;
}

/** The calendar as shipped, but for a payment day that a short storm gets to see. */
function stormCalendar(): ClearingCalendar {
  const shipped = shippedCalendar();
  const first = { ...shipped.instructDay, value: 1 };
  return { ...shipped, noticeDay: first, confirmDay: first, instructDay: first };
}

/** Opens the office; `done` counts what comes of its work. */
export function openOffice(database: Database, clock: Clock, done: Map<string, number>): Office {
  const newId = createIdSource(() => Date.now());
  const calendar = stormCalendar();
  const { lifeStore: life, lifeQueries, calendarStore } = database;
  const deps = { life, lifeQueries, calendarStore, calendar: () => calendar, clock, newId };
  const count = (what: string): void => {
    done.set(what, (done.get(what) ?? 0) + 1);
  };
  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        // What a file or an objection waits for is not there sooner for being asked again.
        if (!(error instanceof AppError && error.retryable) || error.code === 'PERIOD_OPEN') throw error;
        await sleep(ASK_AGAIN_MS);
      }
    }
  };
  const lawful = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await answered(ask);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      count(`refused ${error.code}`);
      return undefined;
    }
  };
  return {
    database,
    clock,
    newId,
    count,
    answered,
    lawful,
    async act(subject, act, desk, checkers = ['li']) {
      const made = await lawful(() => makeProposal(deps, { subject, act, desk, person: 'wang' }));
      if (made === undefined) return false;
      const { proposalId } = made.proposal;
      const check = (person: string) => lawful(() => checkProposal(deps, { proposalId, desk, person }));
      const checked = await Promise.all(checkers.map(check));
      const isDone = checked.some((one) => one !== undefined);
      if (isDone) count(act.act === 'decide' ? `decide ${act.outcome}` : act.act);
      // What has become impossible is sent back, so that it is in nobody's way.
      else await lawful(() => checkProposal(deps, { proposalId, desk, person: 'li', sendBack: 'no longer' }));
      return isDone;
    },
    async keepCalendar() {
      await Promise.all([1, 2].map(() => answered(() => runCalendar(deps))));
    },
  };
}
