import { expect, it } from 'vitest';
import { decideCase } from '../../../src/app/casework/decide-case.ts';
import { payCase } from '../../../src/app/casework/pay-case.ts';
import { sampleCase, sampleEvent } from '../../support/case-samples.ts';
import { caseworkDeps } from '../../support/casework-deps.ts';
import { describeEachDatabase } from '../../support/databases.ts';

describeEachDatabase('deciding a case', (open) => {
  it('keeps a note as long as it may be, and what of it fits in the journal', async () => {
    const database = await open();
    const record = sampleCase({ state: 'accepted', actingRegion: '320509' });
    await database.caseStore.create(record, sampleEvent(record));
    const note = '核'.repeat(1000);
    const decided = await decideCase(caseworkDeps(database, 5), {
      caseId: record.caseId,
      version: record.version,
      outcome: 'granted',
      funds: { ...record.funds, pool: record.claimed },
      actor: { id: 'wang', region: '320509' },
      note,
    });
    expect(decided).toMatchObject({ state: 'granted', granted: record.claimed });
    expect((await database.caseStore.file(record.caseId))?.events.at(-1)?.note).toBe(note);
    const key = { book: '320509', account: 'personPayable', party: record.personId };
    const { entries } = await database.ledgerQueries.entries(key, undefined, undefined, 10);
    expect(entries).toMatchObject([{ amount: -record.claimed, reason: '核'.repeat(500), enteredBy: 'wang@320509' }]);
    const actor = { id: 'li', region: '320509' };
    const { caseId, version } = decided;
    await payCase(caseworkDeps(database, 6), { caseId, version, reference: 'R-1', actor, note: '' });
    const { entries: all } = await database.ledgerQueries.entries(key, undefined, undefined, 10);
    expect(all.map(({ enteredBy }) => enteredBy).sort()).toEqual(['li@320509', 'wang@320509']);
  });
});
