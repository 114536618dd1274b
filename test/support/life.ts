import { clearUpTo, type ClearingStep, type StepReport } from '../../src/app/clearing/run-clearing.ts';
import { checkProposal } from '../../src/app/lifecycle/check-proposal.ts';
import { instructPayments } from '../../src/app/lifecycle/instruct-payments.ts';
import { makeProposal, type Made } from '../../src/app/lifecycle/make-proposal.ts';
import type { Act, StatementLife, Subject } from '../../src/app/lifecycle/ports.ts';
import { undoDeductions } from '../../src/app/lifecycle/undo-deductions.ts';
import type { SettlementRow, StoredSettlement } from '../../src/app/ports.ts';
import { loadCalendar } from '../../src/config/load-calendar.ts';
import { loadWorkingDays } from '../../src/config/load-working-days.ts';
import type { ClearingCalendar } from '../../src/core/policy/clearing-calendar.ts';
import type { Database } from '../../src/db/open-database.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { needFor, sampleReversal, sampleSettlement, writing } from './settlement-samples.ts';

/** The counties of tests. */
export const REGIONS = ['310118', '320509', '330421'];

/** The days that the repository ships. */
export function shippedCalendar(): ClearingCalendar {
  const folder = new URL('../../config', import.meta.url).pathname;
  const loaded = loadCalendar(folder, loadWorkingDays(folder, []));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.calendar;
}

const CALENDAR = shippedCalendar();
const DAY_MS = 24 * 60 * 60 * 1000;

/** Noon of a day in Shanghai. */
export function noonOf(date: string): number {
  return Date.parse(`${date}T12:00:00+08:00`);
}

/** A database with its use cases, as a county's clerks would use them. */
export function lifeOf(database: Database, date = '2026-11-24') {
  const clock = { nowMs: noonOf(date), now: () => clock.nowMs };
  const newId = createIdSource(() => clock.nowMs);
  const { lifeStore: life, lifeQueries } = database;
  const deps = { life, lifeQueries, calendar: () => CALENDAR, clock, newId };

  const make = (subject: Subject, act: Act, desk: string, person = 'wang'): Promise<Made> =>
    makeProposal(deps, { subject, act, desk, person });
  const approve = (proposalId: string, desk: string, person = 'li'): Promise<Made> =>
    checkProposal(deps, { proposalId, desk, person });

  const { clearingStore: store, clearingSteps: steps, windowReader: reader } = database;
  const clearing = { store, steps, reader, regions: REGIONS, clock };
  const dayToClear = async (): Promise<string> => {
    const { businessDate } = await store.openWindow();
    if (noonOf(businessDate) > clock.nowMs) clock.nowMs = noonOf(businessDate);
    return businessDate;
  };

  return {
    deps,
    clock,
    make,
    approve,
    sendBack: (proposalId: string, desk: string, person: string, sendBack: string) =>
      checkProposal(deps, { proposalId, desk, person, sendBack }),
    /** Two clerks of a desk do something. */
    async act(subject: Subject, act: Act, desk: string): Promise<void> {
      const { proposal } = await make(subject, act, desk);
      await approve(proposal.proposalId, desk);
    },
    later(days: number) {
      clock.nowMs += days * DAY_MS;
    },
    at(day: string) {
      clock.nowMs = noonOf(day);
    },
    async settle(changes: Partial<SettlementRow> = {}): Promise<StoredSettlement> {
      const [made] = await database.settlementStore.transact(
        needFor([]),
        writing((windowId) => [sampleSettlement({ ...changes, windowId })]),
      );
      return made!;
    },
    async reverse(settlement: StoredSettlement): Promise<void> {
      await database.settlementStore.transact(
        needFor([]),
        writing((windowId) => [sampleReversal(settlement, windowId)]),
      );
    },
    async clear(): Promise<void> {
      await clearUpTo(clearing, await dayToClear());
    },
    /** Dies before what comes after a step. */
    async clearUntil(last: ClearingStep): Promise<void> {
      const died = new Error('the runner died');
      const onStep = ({ step, phase }: StepReport): void => {
        if (step === last && phase === 'end') throw died;
      };
      await clearUpTo({ ...clearing, onStep }, await dayToClear()).catch((error: unknown) => {
        if (error !== died) throw error;
      });
    },
    statement: async (id: string): Promise<StatementLife> => (await lifeQueries.statement(id))!,
    async confirm(id: string, desk: string): Promise<void> {
      const { owed, disputed } = (await lifeQueries.statement(id))!;
      await this.act({ kind: 'statement', id }, { act: 'confirm', payable: owed - disputed }, desk);
    },
    instruct: (month: string) => instructPayments(deps, month, 'test'),
    undo: () => undoDeductions({ life, clock, newId }),
  };
}

/** One of those. */
export type Life = ReturnType<typeof lifeOf>;
