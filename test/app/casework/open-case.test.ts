import { beforeAll, expect, it } from 'vitest';
import { actOnCase } from '../../../src/app/casework/act-on-case.ts';
import type { CaseworkDeps } from '../../../src/app/casework/case-deps.ts';
import { openCase } from '../../../src/app/casework/open-case.ts';
import { remindCases } from '../../../src/app/casework/remind-cases.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { caseworkDeps, openCommand } from '../../support/casework-deps.ts';
import { describeEachDatabase } from '../../support/databases.ts';

/** A Friday morning in Shanghai. */
const FRIDAY_MS = Date.UTC(2026, 10, 27, 2);
const DAY_MS = 24 * 60 * 60 * 1000;
const ENGINE = { id: 'feeding', region: undefined };

describeEachDatabase('a case of the engine', (open) => {
  let database: Database;
  let deps: CaseworkDeps;

  beforeAll(async () => {
    database = await open();
    deps = caseworkDeps(database, FRIDAY_MS);
  });

  it('is opened once for a reason and subject, whatever is said later', async () => {
    const first = await openCase(deps, openCommand());
    expect(first.isNew).toBe(true);
    expect(first.record).toMatchObject({ state: 'opened', dueDate: '2026-11-30', actingRegion: '330421', version: 1 });
    expect(await openCase(deps, openCommand({ claimed: 1 }))).toEqual({ record: first.record, isNew: false });
    const other = await openCase(deps, openCommand({ reason: 'expiredProvisional' }));
    expect(other.isNew).toBe(true);
    const { events } = (await deps.cases.file(first.record.caseId))!;
    expect(events).toMatchObject([{ seq: 1, action: 'open', side: 'engine', doneBy: 'settling', to: 'opened' }]);
  });

  it('is opened once by many at once', async () => {
    const opened = await Promise.all(
      Array.from({ length: 12 }, () => openCase(deps, openCommand({ subjectId: 'bill-2' }))),
    );
    expect(new Set(opened.map(({ record }) => record.caseId)).size).toBe(1);
    expect(opened.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it('can be one county’s alone, where its own system was away', async () => {
    const { record } = await openCase(deps, openCommand({ subjectId: 'bill-3', openingRegion: '320509' }));
    const clerk = { id: 'wang', region: '320509' };
    const step = { caseId: record.caseId, version: 1, actor: clerk, note: '' };
    expect((await actOnCase(deps, { ...step, action: 'wantMaterials' })).state).toBe('materialsWanted');
  });

  it('is withdrawn by the engine when it settled itself, and by nobody who has no part in it', async () => {
    const { record } = await openCase(deps, openCommand({ subjectId: 'bill-4' }));
    const step = { caseId: record.caseId, version: undefined, note: 'confirmed after all' };
    const stranger = { id: 'sun', region: '310118' };
    await expect(actOnCase(deps, { ...step, action: 'withdraw', actor: stranger })).rejects.toMatchObject({
      status: 404,
    });
    await expect(actOnCase(deps, { ...step, action: 'complete', actor: ENGINE })).rejects.toMatchObject({
      code: 'OTHER_COUNTYS_STEP',
    });
    const withdrawn = await actOnCase(deps, { ...step, action: 'withdraw', actor: ENGINE });
    expect(withdrawn).toMatchObject({ state: 'withdrawn', actingRegion: undefined, dueDate: undefined });
    await expect(actOnCase(deps, { ...step, action: 'withdraw', actor: ENGINE })).rejects.toMatchObject({
      code: 'WRONG_CASE_STATE',
    });
  });

  it('is reminded of once a day from its day on, until it goes on', async () => {
    const monday = caseworkDeps(database, FRIDAY_MS + 3 * DAY_MS);
    const tuesday = caseworkDeps(database, FRIDAY_MS + 4 * DAY_MS);
    expect(await remindCases(deps)).toBe(0);
    const waiting = await remindCases(monday);
    expect(waiting).toBe(3);
    expect(await remindCases(monday)).toBe(0);
    expect(await remindCases(tuesday)).toBe(waiting);
  });
});
