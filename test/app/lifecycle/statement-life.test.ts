import { describe, expect, it } from 'vitest';
import type { Act } from '../../../src/app/lifecycle/ports.ts';
import { newRequest } from '../../../src/app/lifecycle/prefund-acts.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { lifeOf } from '../../support/life.ts';

const HOME = '320509';
const AWAY = '310118';
const ID = `1-${HOME}-${AWAY}`;
const SUBJECT = { kind: 'statement', id: ID } as const;
const OWED = 9_500;

describeEachDatabase('the life of a statement', (open) => {
  async function issued() {
    const database = await open();
    const life = lifeOf(database);
    const [first, second] = [await life.settle(), await life.settle()];
    await life.clear();
    return { database, life, first, second };
  }

  /** Who entered what moved an account of the home county. */
  async function enteredBy(database: Database, account: string): Promise<(string | undefined)[]> {
    const { entries } = await database.ledgerQueries.entries({ book: HOME, account }, undefined, undefined, 99);
    return entries.filter(({ billNumber }) => billNumber === undefined).map((entry) => entry.enteredBy);
  }

  const confirm: Act = { act: 'confirm', payable: 2 * OWED };

  describe('confirming', () => {
    it('takes two people of each county, and confirms the window with its last statement', async () => {
      const { database, life } = await issued();
      await life.confirm(ID, HOME);
      expect((await life.statement(ID)).state).toBe('homeConfirmed');
      expect((await database.clearingStore.window(1))?.state).toBe('issued');
      await life.confirm(ID, AWAY);
      expect((await life.statement(ID)).state).toBe('confirmed');
      expect(await database.clearingStore.window(1)).toMatchObject({
        state: 'confirmed',
        confirmedAtMs: life.clock.nowMs,
      });
    });

    it('does nothing until it is checked, by somebody else of the same county', async () => {
      const { life } = await issued();
      const { proposal } = await life.make(SUBJECT, confirm, HOME, 'wang');
      expect((await life.statement(ID)).state).toBe('issued');
      await expect(life.approve(proposal.proposalId, HOME, 'wang')).rejects.toMatchObject({ code: 'SAME_PERSON' });
      await expect(life.approve(proposal.proposalId, AWAY, 'li')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await life.statement(ID)).state).toBe('issued');
      await life.approve(proposal.proposalId, HOME, 'li');
      expect((await life.statement(ID)).state).toBe('homeConfirmed');
    });

    it('can be repeated at every step without doing anything twice', async () => {
      const { life } = await issued();
      const first = await life.make(SUBJECT, confirm, HOME);
      expect(await life.make(SUBJECT, confirm, HOME)).toEqual({ ...first, repeat: true });
      await expect(life.make(SUBJECT, confirm, HOME, 'li')).rejects.toMatchObject({ code: 'PROPOSAL_OPEN' });
      const done = await life.approve(first.proposal.proposalId, HOME);
      expect(await life.approve(first.proposal.proposalId, HOME)).toEqual({ ...done, repeat: true });
      await expect(life.approve(first.proposal.proposalId, HOME, 'sun')).rejects.toMatchObject({
        code: 'ALREADY_APPROVED',
      });
      expect(await life.make(SUBJECT, confirm, HOME)).toEqual({ ...done, repeat: true });
      await expect(life.make(SUBJECT, confirm, HOME, 'li')).rejects.toMatchObject({ code: 'ALREADY_CONFIRMED' });
    });

    it('by two at once happens once', async () => {
      const { life } = await issued();
      const { proposal } = await life.make(SUBJECT, confirm, HOME);
      const both = await Promise.allSettled(
        ['li', 'sun', 'li', 'sun'].map((person) => life.approve(proposal.proposalId, HOME, person)),
      );
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      const sides = await Promise.allSettled([life.confirm(ID, AWAY), life.confirm(ID, AWAY)]);
      expect(sides.some(({ status }) => status === 'fulfilled')).toBe(true);
      expect((await life.statement(ID)).state).toBe('confirmed');
    });

    it('can be sent back, with a reason', async () => {
      const { life } = await issued();
      const { proposal } = await life.make(SUBJECT, confirm, HOME);
      const sent = await life.sendBack(proposal.proposalId, HOME, 'li', 'look again');
      expect(sent.proposal).toMatchObject({ state: 'sentBack', reason: 'look again', checkedBy: 'li' });
      await expect(life.approve(proposal.proposalId, HOME)).rejects.toMatchObject({ code: 'SENT_BACK' });
      expect((await life.statement(ID)).state).toBe('issued');
      expect((await life.make(SUBJECT, confirm, HOME)).repeat).toBe(false);
    });

    it('holds only for the amount that was seen', async () => {
      const { life, first } = await issued();
      await expect(life.make(SUBJECT, { act: 'confirm', payable: 1 }, HOME)).rejects.toMatchObject({
        code: 'STATEMENT_CHANGED',
      });
      const { proposal } = await life.make(SUBJECT, confirm, AWAY);
      await object(life, [first.row.settlementId]);
      await expect(life.approve(proposal.proposalId, AWAY)).rejects.toMatchObject({ code: 'STATEMENT_CHANGED' });
    });

    it('is withdrawn again, and the window with it', async () => {
      const { database, life } = await issued();
      await life.confirm(ID, HOME);
      await life.confirm(ID, AWAY);
      await life.act(SUBJECT, { act: 'withdraw', words: 'a mistake' }, HOME);
      expect((await life.statement(ID)).state).toBe('treatmentConfirmed');
      expect(await database.clearingStore.window(1)).toMatchObject({ state: 'issued', confirmedAtMs: undefined });
      await expect(life.act(SUBJECT, { act: 'withdraw', words: 'again' }, HOME)).rejects.toMatchObject({
        code: 'NOT_CONFIRMED',
      });
    });

    it('begins when the window is issued: what is reconciled only is nobody’s business yet', async () => {
      const database = await open();
      const life = lifeOf(database);
      await life.settle();
      await life.clearUntil('net');
      expect((await database.clearingStore.window(1))?.state).toBe('reconciled');
      expect(await database.lifeQueries.statement(ID)).toBeUndefined();
      expect(await database.lifeQueries.statements(['issued'], { limit: 10 })).toEqual([]);
      const early: Act = { act: 'confirm', payable: OWED };
      await expect(life.make(SUBJECT, early, HOME)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await life.clear();
      await life.confirm(ID, HOME);
      await life.confirm(ID, AWAY);
      expect((await database.clearingStore.window(1))?.state).toBe('confirmed');
    });

    it('is hidden from a county that is not part of the pair', async () => {
      const { life } = await issued();
      await expect(life.make(SUBJECT, confirm, '330421')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(life.make({ kind: 'statement', id: '没有' }, confirm, HOME)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });
  });

  type Life = Awaited<ReturnType<typeof issued>>['life'];
  const object = (life: Life, settlementIds: readonly string[]) =>
    life.act(
      SUBJECT,
      { act: 'object', items: settlementIds.map((id) => ({ settlementId: id, reason: 'amount', words: 'too dear' })) },
      HOME,
    );

  describe('objecting', () => {
    it('takes an item out of its statement and leaves the rest to be paid', async () => {
      const { database, life, first } = await issued();
      await object(life, [first.row.settlementId]);
      expect(await life.statement(ID)).toMatchObject({ owed: 2 * OWED, disputed: first.row.fundTotal });
      const [objection] = await database.lifeQueries.objectionsOf(ID);
      expect(objection).toMatchObject({
        state: 'open',
        held: true,
        objected: 7_500,
        settlementId: first.row.settlementId,
      });
      await life.confirm(ID, HOME);
      await life.confirm(ID, AWAY);
      expect((await database.clearingStore.window(1))?.state).toBe('confirmed');
    });

    it('is refused for what is not there to object to', async () => {
      const { life, first, second } = await issued();
      await object(life, [first.row.settlementId]);
      const again = [{ settlementId: first.row.settlementId, reason: 'fraud', words: 'another reason' }] as const;
      await expect(life.make(SUBJECT, { act: 'object', items: again }, HOME)).rejects.toMatchObject({
        code: 'ALREADY_OBJECTED',
      });
      await expect(object(life, ['nothing'])).rejects.toMatchObject({ code: 'NOT_IN_STATEMENT' });
      const later = await life.settle();
      await expect(object(life, [later.row.settlementId])).rejects.toMatchObject({ code: 'NOT_IN_STATEMENT' });
      await life.reverse(second);
      await expect(object(life, [second.row.settlementId])).rejects.toMatchObject({ code: 'ITEM_REVERSED' });
      const items = [{ settlementId: first.row.settlementId, reason: 'other', words: '?' }] as const;
      await expect(life.make(SUBJECT, { act: 'object', items }, AWAY)).rejects.toMatchObject({ code: 'OTHER_SIDE' });
      await life.confirm(ID, HOME);
      await expect(life.make(SUBJECT, { act: 'object', items }, HOME)).rejects.toMatchObject({
        code: 'WITHDRAW_FIRST',
      });
    });

    async function disputed() {
      const all = await issued();
      await object(all.life, [all.first.row.settlementId]);
      const [objection] = await all.database.lifeQueries.objectionsOf(ID);
      return { ...all, subject: { kind: 'objection', id: objection!.objectionId } as const };
    }
    const accept: Act = { act: 'answer', accepted: true, words: 'so it is' };
    const decide = (outcome: 'upheld' | 'inPart' | 'rejected', amount?: number): Act => ({
      act: 'decide',
      outcome,
      amount,
      words: 'after the record',
    });

    it('needs an answer before it is decided, or the time for it to be over', async () => {
      const { life, subject } = await disputed();
      await expect(life.make(subject, decide('upheld'), HOME)).rejects.toMatchObject({ code: 'NOT_ANSWERED' });
      await expect(life.make(subject, accept, HOME)).rejects.toMatchObject({ code: 'OTHER_SIDE' });
      life.later(14);
      await expect(life.make(subject, decide('upheld'), HOME)).rejects.toMatchObject({ code: 'NOT_ANSWERED' });
      life.later(1);
      expect((await life.make(subject, decide('upheld'), HOME)).repeat).toBe(false);
    });

    it('once upheld, comes back and is taken off in the next window, in the ledger too', async () => {
      const { database, life, subject, first } = await disputed();
      await life.act(subject, accept, AWAY);
      await expect(life.make(subject, decide('inPart', 7_500), HOME)).rejects.toMatchObject({ code: 'BAD_AMOUNT' });
      await life.act(subject, decide('inPart', 7_100), HOME);
      expect(await database.lifeQueries.objection(subject.id)).toMatchObject({ deducted: 7_100, decidedWindowId: 2 });
      expect(await database.clearingStore.adjustments(2)).toMatchObject([
        { kind: 'carried', layer: 'pool', amount: 7_000 },
        { kind: 'carried', layer: 'seriousIllness', amount: 500 },
        { kind: 'deduction', layer: 'pool', amount: -7_000 },
        { kind: 'deduction', layer: 'seriousIllness', amount: -100 },
      ]);
      expect(await database.settlementQueries.unbalanced()).toEqual([]);
      await life.settle();
      await life.clear();
      expect(await life.statement(`2-${HOME}-${AWAY}`)).toMatchObject({ settlements: 1, owed: OWED + 400 });
      expect(await database.clearingStore.netPositions(2)).toMatchObject([
        { region: AWAY, receivable: OWED + 400 },
        { region: HOME, payable: OWED + 400 },
        {},
      ]);
      await expect(life.make(subject, decide('upheld'), HOME)).rejects.toMatchObject({ code: 'ALREADY_DECIDED' });
      await life.reverse(first);
      expect(await life.undo()).toBe(1);
      expect(await life.undo()).toBe(0);
      expect((await database.clearingStore.adjustments(3)).map(({ kind, amount }) => [kind, amount])).toEqual([
        ['undone', 7_000],
        ['undone', 100],
      ]);
      expect(new Set(await enteredBy(database, 'dueTo'))).toEqual(new Set(['li@320509', 'calendar']));
    });

    it('once rejected, comes back whole, also when its statement has nothing else', async () => {
      const { life, subject } = await disputed();
      await life.act(subject, { act: 'answer', accepted: false, words: 'it is not' }, AWAY);
      await life.act(subject, decide('rejected'), HOME);
      await life.clear();
      expect(await life.statement(`2-${HOME}-${AWAY}`)).toMatchObject({ settlements: 0, owed: 7_500 });
    });

    it('can only be rejected when the item was reversed meanwhile', async () => {
      const { life, subject, first } = await disputed();
      await life.act(subject, accept, AWAY);
      await life.reverse(first);
      await expect(life.make(subject, decide('upheld'), HOME)).rejects.toMatchObject({ code: 'ITEM_REVERSED' });
      await life.act(subject, decide('rejected'), HOME);
      await life.clear();
      expect(await life.statement(`2-${HOME}-${AWAY}`)).toMatchObject({ owed: 7_500 - OWED });
    });
  });

  describe('paying', () => {
    it('nets what is confirmed, is sent, and is paid once with a reference of its own', async () => {
      const { database, life } = await issued();
      await life.confirm(ID, HOME);
      await life.confirm(ID, AWAY);
      await expect(life.instruct('2026-11')).rejects.toMatchObject({ code: 'TOO_EARLY' });
      life.at('2026-12-31');
      const runs = await Promise.all([life.instruct('2026-11'), life.instruct('2026-11')]);
      expect(runs[0]).toEqual(runs[1]);
      const [payment] = await database.lifeQueries.payments('2026-11', { limit: 9 });
      expect(payment).toMatchObject({ payer: HOME, payee: AWAY, amount: 2 * OWED, state: 'instructed' });
      await expect(life.act(SUBJECT, { act: 'withdraw', words: 'late' }, HOME)).rejects.toMatchObject({
        code: 'ALREADY_INSTRUCTED',
      });
      const subject = { kind: 'payment', id: payment!.paymentId } as const;
      const back = {
        act: 'return',
        bank: '农业银行',
        reference: 'R-1',
        valueDate: '2026-12-31',
        amount: 2 * OWED,
      } as const;
      await expect(life.make(subject, back, HOME)).rejects.toMatchObject({ code: 'NOT_SENT' });
      await expect(life.make(subject, { act: 'send' }, AWAY)).rejects.toMatchObject({ code: 'OTHER_SIDE' });
      await expect(life.make(subject, { act: 'send' }, '330421')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await life.act(subject, { act: 'send' }, HOME);
      await expect(life.make(subject, { ...back, amount: OWED }, HOME)).rejects.toMatchObject({
        code: 'PARTIAL_RETURN',
      });
      await expect(life.make(subject, { ...back, valueDate: '2027-01-01' }, HOME)).rejects.toMatchObject({
        code: 'VALUE_DATE_AHEAD',
      });
      await life.act(subject, back, HOME);
      expect((await life.statement(ID)).state).toBe('paid');
      expect(await database.clearingStore.window(1)).toMatchObject({ state: 'paid', paidAtMs: life.clock.nowMs });
      expect(await database.settlementQueries.unbalanced()).toEqual([]);
      expect(await enteredBy(database, 'bank')).toEqual(['li@320509']);
      const again = await life.make(subject, back, HOME);
      expect(again).toMatchObject({ repeat: true, proposal: { state: 'approved' } });
    });

    it('refuses a reference that stands at another payment', async () => {
      const database = await open();
      const life = lifeOf(database);
      await life.settle();
      await life.settle({ treatmentRegion: '330421', institutionId: 'H33042100001' });
      await life.clear();
      for (const away of [AWAY, '330421']) {
        await life.confirm(`1-${HOME}-${away}`, HOME);
        await life.confirm(`1-${HOME}-${away}`, away);
      }
      life.at('2026-12-31');
      await life.instruct('2026-11');
      const [one, other] = await database.lifeQueries.payments('2026-11', { limit: 9 });
      const back = { act: 'return', bank: 'ABC', reference: 'R', valueDate: '2026-12-31', amount: OWED } as const;
      for (const { paymentId } of [one!, other!])
        await life.act({ kind: 'payment', id: paymentId }, { act: 'send' }, HOME);
      await life.act({ kind: 'payment', id: one!.paymentId }, back, HOME);
      // The pair that the payment was for is through; the window waits for the other one.
      expect((await life.statement(`1-${HOME}-${one!.payee}`)).state).toBe('instructed');
      const { proposal } = await life.make({ kind: 'payment', id: other!.paymentId }, back, HOME);
      await expect(life.approve(proposal.proposalId, HOME)).rejects.toMatchObject({ code: 'REFERENCE_USED' });
      await life.sendBack(proposal.proposalId, HOME, 'li', 'that is the other one');
      await life.act({ kind: 'payment', id: other!.paymentId }, { ...back, bank: 'ICBC' }, HOME);
      expect((await database.clearingStore.window(1))?.state).toBe('paid');
    });

    it('claims back what is objected to afterwards', async () => {
      const { database, life, first } = await issued();
      await life.confirm(ID, HOME);
      await life.confirm(ID, AWAY);
      life.at('2026-12-31');
      await life.instruct('2026-11');
      await object(life, [first.row.settlementId]);
      expect(await life.statement(ID)).toMatchObject({ disputed: 0, state: 'instructed' });
      const [objection] = await database.lifeQueries.objectionsOf(ID);
      const subject = { kind: 'objection', id: objection!.objectionId } as const;
      await life.act(subject, { act: 'answer', accepted: true, words: 'yes' }, AWAY);
      await life.act(subject, { act: 'decide', outcome: 'upheld', amount: undefined, words: 'yes' }, HOME);
      await life.clear();
      expect(await life.statement(`2-${HOME}-${AWAY}`)).toMatchObject({ owed: -7_500, settlements: 0 });
    });
  });

  describe('a prefund', () => {
    const subject = { kind: 'prefund', id: `${HOME}-${AWAY}` } as const;
    const request: Act = { act: 'request', amount: 1_000_000, words: 'red' };

    it('is requested, reviewed and paid, and stands in the ledger', async () => {
      const database = await open();
      const life = lifeOf(database);
      await expect(life.make(subject, request, HOME)).rejects.toMatchObject({ code: 'OTHER_SIDE' });
      await expect(life.make(subject, request, '330421')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await life.act(subject, request, AWAY);
      await expect(life.make(subject, { ...request, amount: 5 }, AWAY)).rejects.toMatchObject({
        code: 'ALREADY_REQUESTED',
      });
      const [made] = await database.lifeQueries.requests({ limit: 1 });
      const asked = { kind: 'request', id: made!.requestId } as const;
      const back = { bank: 'ABC', reference: 'P-1', valueDate: '2026-11-24' };
      const paid: Act = { act: 'pay', ...back, amount: 900_000 };
      await expect(life.make(asked, paid, HOME)).rejects.toMatchObject({ code: 'NOT_REVIEWED' });
      await expect(life.make(asked, { act: 'review', granted: -5, words: '' }, HOME)).rejects.toMatchObject({
        code: 'BAD_AMOUNT',
      });
      await life.act(asked, { act: 'review', granted: 900_000, words: 'less' }, HOME);
      await expect(life.make(asked, { ...paid, amount: 1_000_000 }, HOME)).rejects.toMatchObject({
        code: 'PARTIAL_RETURN',
      });
      await life.act(asked, paid, HOME);
      expect(await database.lifeQueries.prefunds()).toEqual([
        { homeRegion: HOME, treatmentRegion: AWAY, balance: 900_000 },
      ]);
      expect((await life.make(asked, paid, HOME)).repeat).toBe(true);
      expect(await database.settlementQueries.unbalanced()).toEqual([]);
      expect(await enteredBy(database, 'prefundPaid')).toEqual(['li@320509']);
    });

    it('gives back no more than lies in it', async () => {
      const database = await open();
      const life = lifeOf(database);
      const tooMuch = newRequest(
        { homeRegion: HOME, treatmentRegion: AWAY },
        { requestId: `2026-${HOME}-${AWAY}`, kind: 'yearly', amount: -500, words: 'resized', requestedAtMs: 0 },
      );
      const asked = { kind: 'request', id: tooMuch.requestId } as const;
      await life.deps.life.transact({ subject: asked }, () => ({ writes: { request: tooMuch, atMs: 0 }, result: 0 }));
      await expect(life.make(asked, { act: 'review', granted: -500, words: '' }, HOME)).rejects.toMatchObject({
        code: 'BAD_BALANCE',
      });
      // Reviewed by a version that did not look.
      const reviewed = { ...tooMuch, state: 'reviewed', granted: -500, reviewedAtMs: 0 } as const;
      await life.deps.life.transact({ subject: asked }, () => ({ writes: { request: reviewed, atMs: 0 }, result: 0 }));
      const paid: Act = { act: 'pay', bank: 'ABC', reference: 'P-1', valueDate: '2026-11-24', amount: 500 };
      await expect(life.make(asked, paid, AWAY)).rejects.toMatchObject({ code: 'BAD_BALANCE' });
      expect(await database.lifeQueries.prefunds()).toMatchObject([{ balance: 0 }]);
    });
  });
});
