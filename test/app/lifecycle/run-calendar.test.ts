import { expect, it } from 'vitest';
import { listDueSteps } from '../../../src/app/lifecycle/list-due-steps.ts';
import { listPrefunds } from '../../../src/app/lifecycle/list-prefunds.ts';
import { listDeadlines } from '../../../src/app/lifecycle/list-deadlines.ts';
import { runCalendar } from '../../../src/app/lifecycle/run-calendar.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { lifeOf } from '../../support/life.ts';

const HOME = '320509';
const AWAY = '310118';

describeEachDatabase('the calendar', (open) => {
  async function begun() {
    const database = await open();
    const life = lifeOf(database);
    const { clearingStore: clearing, calendarStore } = database;
    const deps = { ...life.deps, clearing, calendarStore };
    const clearTo = async (day: string) => {
      while ((await clearing.openWindow()).businessDate <= day) await life.clear();
    };
    return { database, life, deps, clearTo };
  }

  it('does nothing before its days, and everything once after them, however late and often it is run', async () => {
    const { database, life, deps, clearTo } = await begun();
    await life.settle({ visitDate: '2026-08-31' });
    await life.settle({ visitDate: '2026-09-01' });
    await life.settle({ homeRegion: AWAY, treatmentRegion: AWAY, visitDate: '2025-01-01' });
    await clearTo('2026-11-24');
    await life.confirm(`1-${HOME}-${AWAY}`, HOME);
    await life.confirm(`1-${HOME}-${AWAY}`, AWAY);
    expect(await listDueSteps(deps)).toEqual([]);
    await runCalendar(deps);
    expect(await database.calendarStore.notices('2026-11')).toEqual([]);

    await clearTo('2026-12-31');
    life.at('2027-04-02');
    await clearTo('2027-04-01');
    expect(await listDueSteps(deps)).toEqual([
      { step: 'notices', month: '2026-11', since: '2026-12-21' },
      { step: 'payments', month: '2026-11', since: '2026-12-31' },
      { step: 'resizing', year: 2027, since: '2027-01-01', pairs: [{ homeRegion: HOME, treatmentRegion: AWAY }] },
      { step: 'payments', month: '2026-12', since: '2027-01-31' },
      { step: 'payments', month: '2027-01', since: '2027-02-28' },
      { step: 'payments', month: '2027-02', since: '2027-03-31' },
      { step: 'liquidation', year: 2026, since: '2027-03-31' },
    ]);
    await Promise.all([runCalendar(deps), runCalendar(deps)]);
    expect(await listDueSteps(deps)).toEqual([]);
    const notices = await database.calendarStore.notices('2026-11');
    expect(notices).toMatchObject([{ homeRegion: HOME, settlements: 2, owed: 19_000, lateItems: 1 }]);
    expect(await database.lifeQueries.run('2026-11')).toMatchObject({ statements: 1, instructedBy: 'calendar' });
    expect(await database.lifeQueries.payments('2026-11', { limit: 9 })).toMatchObject([{ amount: 19_000 }]);
    expect(await database.calendarStore.liquidations(2026)).toMatchObject([{ owed: 19_000, paid: 0, prefund: 0 }]);
    // Twice a third of the quarter's 190.00.
    expect(await database.lifeQueries.requests({ limit: 9 })).toMatchObject([
      { requestId: `2027-${HOME}-${AWAY}`, amount: 12_667, state: 'requested' },
    ]);
    const before = JSON.stringify([notices, await database.lifeQueries.requests({ limit: 9 })]);
    life.later(40);
    expect(await runCalendar(deps)).toEqual([{ step: 'payments', period: '2027-03', made: 0 }]);
    const after = [await database.calendarStore.notices('2026-11'), await database.lifeQueries.requests({ limit: 9 })];
    expect(JSON.stringify(after)).toBe(before);
  });

  it('shows which prefunds are due for resizing and since when, and asks nothing back of what was urgent', async () => {
    const { database, life, deps, clearTo } = await begun();
    await life.settle();
    await clearTo('2026-12-31');
    const standing = async (month?: string) =>
      (await listPrefunds(deps, month)).map(({ homeRegion, treatmentRegion, balance, resizingSince }) => {
        return [`${homeRegion}-${treatmentRegion}`, balance, resizingSince];
      });
    const topUp = async (home: string, amount: number) => {
      await life.act({ kind: 'prefund', id: `${home}-${AWAY}` }, { act: 'request', amount, words: 'red' }, AWAY);
      const requests = await database.lifeQueries.requests({ limit: 99 });
      const { requestId: id } = requests.find(({ kind, state }) => kind === 'urgent' && state === 'requested')!;
      await life.act({ kind: 'request', id }, { act: 'review', granted: amount, words: '' }, home);
      const returned = { bank: 'ICBC', reference: id.slice(-20), amount, valueDate: '2026-12-30' };
      await life.act({ kind: 'request', id }, { act: 'pay', ...returned }, home);
    };
    life.at('2026-12-31');
    expect(await standing('2026-12')).toEqual([]);
    life.at('2027-01-01');
    // No prefund, no business in January, and due all the same.
    expect(await standing()).toEqual([[`${HOME}-${AWAY}`, 0, '2027-01-01']]);
    const due = { year: 2027, since: '2027-01-01', pairs: [{ homeRegion: HOME, treatmentRegion: AWAY }] };
    expect(await listDueSteps(deps)).toMatchObject([{ step: 'notices' }, { step: 'payments' }, due]);
    await runCalendar(deps);
    const asked = [`${HOME}-${AWAY}`, 0, undefined];
    expect(await standing()).toEqual([asked]);

    // A pair without business in the quarter had its size on the day: what it got in February stays with it.
    life.at('2027-02-03');
    await topUp('330421', 70_000);
    expect(await standing()).toEqual([asked, [`330421-${AWAY}`, 70_000, undefined]]);
    await runCalendar(deps);
    expect((await database.lifeQueries.requests({ limit: 9 })).map(({ kind, state }) => [kind, state])).toEqual([
      ['yearly', 'requested'],
      ['urgent', 'paid'],
    ]);
  });

  it('leaves out of a run what is not confirmed, and takes it into a later one', async () => {
    const { database, life, deps, clearTo } = await begun();
    await life.settle();
    await clearTo('2026-11-24');
    life.at('2027-01-02');
    await clearTo('2027-01-01');
    await runCalendar(deps);
    expect(await database.lifeQueries.run('2026-11')).toMatchObject({ statements: 0 });
    await life.confirm(`1-${HOME}-${AWAY}`, HOME);
    await life.confirm(`1-${HOME}-${AWAY}`, AWAY);
    life.at('2027-01-31');
    await runCalendar(deps);
    expect(await database.lifeQueries.run('2026-12')).toMatchObject({ statements: 1 });
    expect((await life.statement(`1-${HOME}-${AWAY}`)).runId).toBe('2026-12');
    const windows = await database.clearingStore.windows(99);
    expect(windows.find(({ windowId }) => windowId === 2)?.state, 'an empty window is through').toBe('paid');
  });

  it('lists what each county is to do, and what is overdue', async () => {
    const { database, life, deps, clearTo } = await begun();
    const { row } = await life.settle();
    await clearTo('2026-11-24');
    const id = `1-${HOME}-${AWAY}`;
    const items = [{ settlementId: row.settlementId, reason: 'amount', words: 'dear' }] as const;
    await life.act({ kind: 'statement', id }, { act: 'object', items }, HOME);
    await life.confirm(id, HOME);
    const stepsOf = async (county?: string) =>
      (await listDeadlines(deps, { county, limit: 99 })).map(({ step, desk, due, overdue }) => [
        step,
        desk,
        due,
        overdue,
      ]);
    expect(await stepsOf()).toEqual([
      ['answer', AWAY, '2026-12-08', false],
      ['confirm', AWAY, '2026-12-25', false],
    ]);
    expect(await stepsOf(HOME)).toEqual([]);
    life.at('2026-12-09');
    expect(await stepsOf()).toEqual([
      ['answer', AWAY, '2026-12-08', true],
      ['decide', HOME, '2026-12-22', false],
      ['confirm', AWAY, '2026-12-25', false],
    ]);
    const [objection] = await database.lifeQueries.objectionsOf(id);
    const subject = { kind: 'objection', id: objection!.objectionId } as const;
    await life.act(subject, { act: 'answer', accepted: false, words: 'no' }, AWAY);
    expect(await listDeadlines(deps, { county: HOME, limit: 9 })).toMatchObject([{ step: 'decide', mediation: true }]);
    await life.confirm(id, AWAY);
    life.at('2026-12-31');
    await life.instruct('2026-11');
    expect(await stepsOf()).toEqual([
      ['decide', HOME, '2026-12-23', true],
      ['pay', HOME, '2027-01-21', false],
    ]);
  });
});
