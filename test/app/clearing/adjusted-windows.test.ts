import { expect, it } from 'vitest';
import { sumWindow } from '../../../src/app/clearing/sum-window.ts';
import { exportInstitutionStatement, type StatementExport } from '../../../src/app/lifecycle/export-statement.ts';
import type { Act, Subject } from '../../../src/app/lifecycle/ports.ts';
import type { StoredSettlement } from '../../../src/app/ports.ts';
import { acceptDifference, type DecideDeps } from '../../../src/app/reconciliation/decide-difference.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { createIdSource } from '../../../src/platform/ids.ts';
import { describeEachDatabase, FIRST_DATE } from '../../support/databases.ts';
import { lifeOf, type Life } from '../../support/life.ts';
import { csvText, lineFor, reconcile, withFile } from '../../support/reconciliation-day.ts';

const HOME = '320509';
const AWAY = '310118';
const HOSPITAL = 'H31011800001';
const OTHER = 'H31011800002';
const FUNDS = 7_500;
const OWED = 9_500;
const UPHELD: Act = { act: 'decide', outcome: 'upheld', amount: undefined, words: 'so' };

async function objectTo({ row }: StoredSettlement, life: Life, database: Database): Promise<Subject> {
  const { settlementId, windowId, homeRegion, treatmentRegion } = row;
  const id = `${windowId}-${homeRegion}-${treatmentRegion}`;
  const act: Act = { act: 'object', items: [{ settlementId, reason: 'amount', words: 'too much' }] };
  await life.act({ kind: 'statement', id }, act, homeRegion);
  const [objection] = (await database.lifeQueries.objectionsOf(id)).filter((one) => one.settlementId === settlementId);
  return { kind: 'objection', id: objection!.objectionId };
}

async function uphold(settlement: StoredSettlement, life: Life, database: Database): Promise<void> {
  const subject = await objectTo(settlement, life, database);
  await life.act(subject, { act: 'answer', accepted: true, words: 'yes' }, settlement.row.treatmentRegion);
  await life.act(subject, UPHELD, settlement.row.homeRegion);
}

/**
 * The hospital's file says that the funds paid something else for a bill, or knows nothing of it (`by` undefined); the first
 * clerk has proposed the correction.
 */
async function proposedCorrection(database: Database, life: Life, settlement: StoredSettlement, by?: number) {
  const about = { source: 'institution', party: HOSPITAL, businessDate: FIRST_DATE } as const;
  const line = lineFor(settlement.row);
  const text = csvText(by === undefined ? [] : [{ ...line, fundTotal: line.fundTotal + by }], about);
  const sent = { ...about, fileName: 'day.csv', region: AWAY };
  const { runId } = await withFile(text, sent, (file) => reconcile(database, file));
  const { runs, differences, adjustments } = database.reconciliation;
  const deps: DecideDeps = {
    runs,
    differences,
    adjustments,
    reverse: () => Promise.reject(new Error('nothing is reversed')),
    clock: life.clock,
    newId: createIdSource(() => life.clock.nowMs),
  };
  const [found] = await differences.list({ runId, class: by === undefined ? 'missingThere' : 'amount', limit: 1 });
  const accept = (region: string) => {
    const caller = { kind: 'clerk', id: region, region } as const;
    return acceptDifference(deps, { caller, runId, differenceNo: found!.differenceNo, reason: 'so' });
  };
  await accept(AWAY);
  return () => accept(HOME);
}

async function rowsIn({ pages }: StatementExport) {
  const rows = [];
  for await (const page of pages()) rows.push(...page);
  return rows;
}

describeEachDatabase('a window with lines from earlier ones', (open) => {
  async function started(): Promise<{ database: Database; life: Life }> {
    const database = await open();
    return { database, life: lifeOf(database) };
  }

  it('and nothing else is stated, netted and written out: a debt the other way round', async () => {
    const { database, life } = await started();
    const bill = await life.settle();
    await life.clear();
    for (const desk of [HOME, AWAY]) await life.confirm(`1-${HOME}-${AWAY}`, desk);
    life.at('2026-12-31');
    await life.instruct('2026-11');
    // It is in payment: only the deduction comes into the next window, no bill with it.
    await uphold(bill, life, database);
    await life.clear();
    expect(await database.clearingStore.statements(2)).toMatchObject([{ settlements: 0, owed: -FUNDS }]);
    expect(await database.clearingStore.grossItems(2)).toMatchObject([
      { layer: 'pool', settlements: 0, amount: -7_000 },
      { layer: 'seriousIllness', settlements: 0, amount: -500 },
    ]);
    const [institution] = await database.clearingStore.institutionStatements(2);
    expect(institution).toMatchObject({ institutionId: HOSPITAL, settlements: 0, owed: -FUNDS });
    expect(await database.clearingStore.netPositions(2)).toMatchObject([
      { region: AWAY, receivable: -FUNDS, net: -FUNDS },
      { region: HOME, payable: -FUNDS, net: FUNDS },
      { net: 0 },
    ]);
    const deps = { clearing: database.clearingStore, lifeQueries: database.lifeQueries };
    const rows = await rowsIn(await exportInstitutionStatement(deps, 2, HOSPITAL, AWAY));
    expect(rows.map(({ kind, owed }) => [kind, owed])).toEqual([
      ['deduction', -7_000],
      ['deduction', -500],
      ['total', -FUNDS],
    ]);
    expect(rows.at(-1)?.hash).toBe(institution!.itemsHash);
  });

  it("has the hash of an institution's file in its statement, whatever counties and cash its bills are of", async () => {
    const { database, life } = await started();
    const funds = { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 };
    const cash = { funds, fundTotal: 0, personTotal: 12_345, account: 0, cash: 12_345 };
    await life.settle();
    await life.settle({ homeRegion: '330421' });
    await life.settle({ homeRegion: AWAY, ...cash });
    await life.settle();
    await life.settle({ institutionId: OTHER, ...cash });
    await life.clear();
    const deps = { clearing: database.clearingStore, lifeQueries: database.lifeQueries };
    const stated = await database.clearingStore.institutionStatements(1);
    expect(stated).toMatchObject([{ institutionId: HOSPITAL, settlements: 4, owed: 3 * OWED }]);
    const rows = await rowsIn(await exportInstitutionStatement(deps, 1, HOSPITAL, AWAY));
    expect(rows).toHaveLength(5);
    expect(rows.at(-1)).toMatchObject({ kind: 'total', owed: 3 * OWED, hash: stated[0]!.itemsHash });
    expect(await rowsIn(await exportInstitutionStatement(deps, 1, OTHER, AWAY))).toMatchObject([{ owed: 0 }]);
  });

  it('is nobody’s to confirm or object to before it is issued', async () => {
    const { database, life } = await started();
    const { row } = await life.settle();
    await database.clearingStore.closeWindow(FIRST_DATE, '2026-11-25', 1);
    await database.clearingSteps.reconcile(1, await sumWindow(database.windowReader, 1, {}), 2);
    const subject = { kind: 'statement', id: `1-${HOME}-${AWAY}` } as const;
    const object: Act = { act: 'object', items: [{ settlementId: row.settlementId, reason: 'amount', words: 'so' }] };
    for (const act of [{ act: 'confirm', payable: OWED } as const, object]) {
      await expect(life.make(subject, act, HOME)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await database.lifeQueries.statement(subject.id)).toBeUndefined();
    await life.clear();
    await life.confirm(subject.id, HOME);
  });

  it('takes each of many decisions into one window, posted and adjusted alike, while windows close', async () => {
    const { database, life } = await started();
    const bills = [];
    for (let count = 0; count < 12; count += 1) bills.push(await life.settle());
    await life.clear();
    const subjects = [];
    for (const bill of bills) {
      const subject = await objectTo(bill, life, database);
      await life.act(subject, { act: 'answer', accepted: true, words: 'yes' }, AWAY);
      subjects.push(subject);
    }
    const closing = (async () => {
      for (let count = 0; count < 6; count += 1) await life.clear();
    })();
    await Promise.all([closing, ...subjects.map((subject) => life.act(subject, UPHELD, HOME))]);
    await life.clear();
    const windows = (await database.clearingStore.windows(20)).filter(({ state }) => state !== 'open');
    const owed = [];
    for (const { windowId, state } of windows) {
      expect(state, 'it adds up').not.toBe('closed');
      owed.push(...(await database.clearingStore.statements(windowId)).map((statement) => statement.owed));
    }
    expect(owed.reduce((sum, each) => sum + each, 0)).toBe(12 * OWED);
    const open = (await database.clearingStore.openWindow()).windowId;
    expect(await database.clearingStore.adjustments(open)).toEqual([]);
  });

  it('does not take off what reconciliation took off before', async () => {
    const { database, life } = await started();
    const bill = await life.settle();
    await life.clear();
    await (
      await proposedCorrection(database, life, bill, -7_300)
    )();
    await uphold(bill, life, database);
    await life.clear();
    const deducted = (await database.clearingStore.adjustments(2)).filter(({ kind }) => kind !== 'carried');
    expect(deducted.reduce((sum, { amount }) => sum + amount, 0)).toBe(-FUNDS);
    expect(await database.clearingStore.statements(2)).toMatchObject([{ owed: -7_300 }]);
    expect(await life.statement(`1-${HOME}-${AWAY}`)).toMatchObject({ disputed: 200 });
  });

  it('is not corrected by a reversal, either, which would leave the earlier correction behind', async () => {
    const { database, life } = await started();
    const bill = await life.settle();
    await life.clear();
    await (
      await proposedCorrection(database, life, bill, -100)
    )();
    // Nothing is reversed: the helper's way of reversing throws.
    const accept = await proposedCorrection(database, life, bill);
    await expect(accept()).rejects.toMatchObject({ code: 'ALREADY_CORRECTED' });
  });

  it('is not corrected by a file where an objection decides, one of the two at once', async () => {
    const { database, life } = await started();
    const [first, second] = [await life.settle(), await life.settle()];
    await life.clear();
    await uphold(first, life, database);
    const accept = await proposedCorrection(database, life, first, -100);
    await expect(accept()).rejects.toMatchObject({ code: 'ITEM_OBJECTED' });

    const other = await proposedCorrection(database, life, second, -100);
    await Promise.allSettled([other(), objectTo(second, life, database)]);
    const [objection] = (await database.lifeQueries.openObjections({ limit: 9 })).map(({ objected }) => objected);
    const corrected = (await database.clearingStore.adjustments(2)).some(({ kind }) => kind === 'correction');
    expect(objection).toBe(corrected ? FUNDS - 100 : FUNDS);
  });
});
