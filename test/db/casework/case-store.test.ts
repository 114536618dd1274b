import { beforeAll, expect, it } from 'vitest';
import type { CaseRecord } from '../../../src/app/casework/ports.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { sampleCase, sampleEvent, sampleMaterial } from '../../support/case-samples.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { needFor, samplePerson, sampleSettlement, writesFor } from '../../support/settlement-samples.ts';

describeEachDatabase('the store of cases', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
  });

  const cases = () => database.caseStore;
  const opened = async (changes: Partial<CaseRecord> = {}) => {
    const record = sampleCase(changes);
    expect(await cases().create(record, sampleEvent(record))).toBe(true);
    return record;
  };
  const changed = (record: CaseRecord, changes: Partial<CaseRecord> = {}) => {
    const next = { ...record, ...changes, version: record.version + 1 };
    return { record: next, event: sampleEvent(next, { from: record.state }) };
  };

  it('keeps a case and reads it back as it was', async () => {
    const bare = { institutionId: undefined, billNumber: undefined, dueDate: undefined, remindFrom: undefined };
    for (const record of [
      await opened({ reasonText: '窗口受理' }),
      await opened({ ...bare, actingRegion: undefined }),
    ]) {
      expect(await cases().byId(record.caseId)).toEqual(record);
      expect(await cases().bySubject(record.reason, record.subjectId)).toEqual(record);
      expect((await cases().file(record.caseId))?.events).toEqual([sampleEvent(record)]);
    }
    expect(await cases().byId('none')).toBeUndefined();
    expect(await cases().byId('无')).toBeUndefined();
    expect(await cases().file('none')).toBeUndefined();
  });

  it('opens one case for a reason and subject, also when many try at once', async () => {
    const tries = Array.from({ length: 10 }, () => sampleCase({ subjectId: 'once' }));
    const made = await Promise.all(tries.map((record) => cases().create(record, sampleEvent(record))));
    expect(made.filter(Boolean)).toHaveLength(1);
    const winner = tries[made.indexOf(true)]!;
    expect((await cases().bySubject('standInRefused', 'once'))?.caseId).toBe(winner.caseId);
    // Nothing of those who lost.
    for (const { caseId } of tries.filter((record) => record !== winner))
      expect(await cases().byId(caseId)).toBeUndefined();
    await opened({ subjectId: 'once', reason: 'manual' });
  });

  it('lets one of two writers of a version through, and writes nothing of the other', async () => {
    const record = await opened();
    const { caseId } = record;
    const writers = ['first', 'second', 'third'].map((note) => {
      const { record: next, event } = changed(record, { state: 'materialsComplete' });
      return { record: next, event: { ...event, note }, material: sampleMaterial({ caseId, name: note }) };
    });
    const written = await Promise.all(writers.map((change) => cases().change(change)));
    expect(written.filter(Boolean)).toHaveLength(1);
    const winner = writers[written.indexOf(true)]!;
    const file = await cases().file(caseId);
    expect(file?.record).toEqual(winner.record);
    expect(file?.events).toEqual([sampleEvent(record), winner.event]);
    expect(file?.materials).toEqual([winner.material]);
  });

  it('enters what a change moves in the same transaction', async () => {
    const record = await opened({ state: 'accepted' });
    const funds = { ...record.funds, pool: 3_000, seriousIllness: 1_000 };
    const leg = { book: '320509', party: 'p1' };
    const entry = {
      entryId: 'grant-1',
      kind: 'case',
      subjectId: record.caseId,
      enteredAtMs: 9,
      enteredBy: '王',
      reason: '手工报销',
      postings: [
        { ...leg, account: 'expense.pool', amount: 4_000 },
        { ...leg, account: 'personPayable', amount: -4_000 },
      ],
    } as const;
    const change = { ...changed(record, { state: 'grantedInPart', granted: 4_000, funds }), entry };
    expect(await cases().change(change)).toBe(true);
    expect(await cases().byId(record.caseId)).toEqual(change.record);
    expect(await database.settlementQueries.unbalanced()).toEqual([]);
    // The same entry again would break its primary key, were the version not looked at first.
    expect(await cases().change(change)).toBe(false);
    await expect(
      cases().change({ ...changed(change.record, { state: 'paid' }), entry: { ...entry, entryId: 'x', postings: [] } }),
    ).rejects.toThrow();
    expect((await cases().byId(record.caseId))?.state).toBe('grantedInPart');
  });

  it('ticks and unticks', async () => {
    const record = await opened();
    const verify = { itemId: 'signature', verifiedBy: '王', verifiedRegion: '320509', verifiedAtMs: 7 };
    const first = { ...changed(record), verify };
    await cases().change(first);
    const second = { ...changed(first.record), verify: { ...verify, verifiedBy: '李' } };
    await cases().change(second);
    expect((await cases().file(record.caseId))?.verifications).toEqual([second.verify]);
    await cases().change({ ...changed(second.record), unverify: 'signature' });
    expect((await cases().file(record.caseId))?.verifications).toEqual([]);
  });

  it('remembers who looked at what', async () => {
    const look = {
      lookId: 'look-1',
      materialId: 'm-1',
      seenBy: '王',
      seenRegion: '320509',
      seenAtMs: 5,
      why: '核对签名',
    };
    await cases().recordLook(look);
    await cases().recordLook({ ...look, lookId: 'look-2', materialId: 'm-2' });
    expect(await cases().looks('m-1')).toEqual([look]);
  });
});

describeEachDatabase('lists of cases', (open) => {
  let database: Database;
  const id = (records: readonly CaseRecord[]) => records.map(({ caseId }) => caseId);
  const add = async (caseId: string, changes: Partial<CaseRecord>) => {
    const record = sampleCase({ caseId, ...changes });
    await database.caseStore.create(record, sampleEvent(record));
  };

  beforeAll(async () => {
    database = await open();
    await add('a1', { dueDate: '2026-11-24', remindFrom: '2026-11-23' });
    await add('a2', { dueDate: '2026-11-30', remindFrom: '2026-11-26', state: 'forwarded', actingRegion: '320509' });
    await add('a3', {
      dueDate: '2026-11-20',
      remindFrom: '2026-11-19',
      openingRegion: '310118',
      actingRegion: '310118',
    });
    await add('a4', { dueDate: undefined, remindFrom: undefined, actingRegion: undefined, state: 'closed' });
    await add('a5', { openingRegion: '320509', decidingRegion: '310118', serviceForm: 'authorised' });
  });

  it('show a county both its sides, newest first, in pages', async () => {
    const { caseStore } = database;
    expect(id(await caseStore.list({ region: '330421', limit: 9 }))).toEqual(['a4', 'a2', 'a1']);
    expect(id(await caseStore.list({ region: '310118', limit: 9 }))).toEqual(['a5', 'a3']);
    expect(id(await caseStore.list({ region: '320509', limit: 2 }))).toEqual(['a5', 'a4']);
    expect(id(await caseStore.list({ region: '320509', limit: 2, before: 'a4' }))).toEqual(['a3', 'a2']);
    expect(id(await caseStore.list({ region: '320509', limit: 9, state: 'closed' }))).toEqual(['a4']);
  });

  it('show what is due, the longest overdue first', async () => {
    const { caseStore } = database;
    expect(id(await caseStore.due('320509', '2026-11-27', 9))).toEqual(['a3', 'a1', 'a5']);
    expect(id(await caseStore.due('320509', '2026-11-24', 9))).toEqual(['a3', 'a1']);
    expect(id(await caseStore.due('330421', '2026-11-24', 9))).toEqual(['a1']);
    expect(id(await caseStore.due('320509', '2026-11-27', 1))).toEqual(['a3']);
  });

  it('remind once a case and day', async () => {
    const { caseStore } = database;
    expect(await caseStore.remind('2026-11-22')).toBe(1);
    expect(await caseStore.remind('2026-11-25')).toBe(2);
    expect(await caseStore.remind('2026-11-25')).toBe(0);
    expect(await caseStore.remind('2026-11-26')).toBe(4);
    const reminders = async (caseId: string) => (await caseStore.file(caseId))!.reminders;
    expect(await reminders('a1')).toEqual([
      { remindedOn: '2026-11-25', region: '330421', dueDate: '2026-11-24' },
      { remindedOn: '2026-11-26', region: '330421', dueDate: '2026-11-24' },
    ]);
    expect((await reminders('a2')).map(({ region }) => region)).toEqual(['320509']);
    expect(await reminders('a4')).toEqual([]);
  });
});

describeEachDatabase('counts of services', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
    await database.personStore.importPersons([samplePerson('p1')]);
    const day = Date.UTC(2026, 10, 24, 2);
    const settle = (settledOn: string, changes: Parameters<typeof sampleSettlement>[0] = {}) =>
      sampleSettlement({ settledOn, settledAtMs: day, ...changes });
    const negative = (settlement: ReturnType<typeof sampleSettlement>, settledOn: string) => {
      const { row } = settlement;
      const minus = (amount: number) => (amount === 0 ? 0 : -amount);
      const amounts = [
        'total',
        'fullSelfPay',
        'overLimit',
        'firstSelfPay',
        'eligible',
        'fundTotal',
        'personTotal',
        'account',
        'cash',
      ] as const;
      const negated = Object.fromEntries(amounts.map((name) => [name, minus(row[name])]));
      const funds = Object.fromEntries(Object.entries(row.funds).map(([fund, amount]) => [fund, minus(amount)]));
      const own = { settlementId: `${row.settlementId}r`, attempt: -1, reverses: row.settlementId, settledOn };
      return { ...settlement, row: { ...row, ...negated, funds: funds as typeof row.funds, ...own } };
    };
    const undone = settle('2026-11-24');
    const settlements = [
      settle('2026-11-24'),
      settle('2026-11-25'),
      undone,
      negative(undone, '2026-11-25'),
      settle('2026-11-25', { treatmentRegion: '330421' }),
      settle('2026-12-01'),
      // At home: no service between counties.
      settle('2026-11-24', { treatmentRegion: '320509' }),
    ];
    await database.settlementStore.transact(needFor(['p1']), () => ({
      writes: writesFor(settlements, {}),
      result: undefined,
    }));
    for (const changes of [
      { openedOn: '2026-11-01' },
      { openedOn: '2026-11-30' },
      { openedOn: '2026-11-30', serviceForm: 'authorised' },
      { openedOn: '2026-12-31', openingRegion: '310118' },
      { openedOn: '2027-01-01' },
    ] as const) {
      const record = sampleCase(changes);
      await database.caseStore.create(record, sampleEvent(record));
    }
  });

  it('count each form by pair and month, reversals off', async () => {
    const counts = await database.caseStore.counts('2026-11', '2026-12');
    const text = counts.map(
      ({ month, serviceForm, openingRegion, decidingRegion, count }) =>
        `${month} ${openingRegion}→${decidingRegion} ${serviceForm} ${count}`,
    );
    expect(text).toEqual([
      '2026-11 310118→320509 straightThrough 2',
      '2026-11 330421→320509 authorised 1',
      '2026-11 330421→320509 collectedOnBehalf 2',
      '2026-11 330421→320509 straightThrough 1',
      '2026-12 310118→320509 collectedOnBehalf 1',
      '2026-12 310118→320509 straightThrough 1',
    ]);
    expect(await database.caseStore.counts('2026-12', '2026-12')).toEqual(counts.slice(4));
    expect(await database.caseStore.counts('2025-01', '2026-10')).toEqual([]);

    // A closed window is counted once, and what is settled in the next one is added.
    expect(await database.caseStore.keepCounts()).toBe(0);
    await database.clearingStore.closeWindow('2026-11-24', '2026-11-25', Date.UTC(2026, 10, 24, 17));
    await Promise.all([1, 2, 3].map(() => database.caseStore.keepCounts()));
    expect(await database.caseStore.keepCounts()).toBe(0);
    expect(await database.caseStore.counts('2026-11', '2026-12')).toEqual(counts);
    expect(await database.caseStore.counts('2026-12', '2026-12')).toEqual(counts.slice(4));
    await database.settlementStore.transact(needFor(['p1']), ({ windowId }) => ({
      writes: writesFor([sampleSettlement({ settledOn: '2026-11-25', windowId })], {}),
      result: undefined,
    }));
    const after = await database.caseStore.counts('2026-11', '2026-11');
    expect(after[0]).toEqual({ ...counts[0], count: 3 });
    expect(after.slice(1)).toEqual(counts.slice(1, 4));
  });
});
