import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remindersJob } from '../../src/jobs/casework-job.ts';
import type { HeldLease } from '../../src/jobs/lease.ts';
import { caseworkDeps } from '../support/casework-deps.ts';
import { lifeOf } from '../support/life.ts';
import { postedBill, postedLine } from '../support/posted-bill.ts';
import { startService, type Caller, type TestService } from '../support/service.ts';
import { AWAY, HOME } from '../support/service-rules.ts';

const STATEMENT = `1-${HOME}-${AWAY}`;

describe.each(['sqlite', 'mariadb'] as const)('cases that the engine opens on %s', (engine) => {
  let service: TestService;

  beforeAll(async () => {
    service = await startService(engine);
  });

  afterAll(() => service.stop());

  const post = (path: string, as: Caller, body?: unknown) =>
    service.call('POST', path, { as, ...(body !== undefined && { body }) });
  const casesOf = async (as: Caller) => (await service.call('GET', '/v1/cases', { as })).body.cases;

  it('are about a disease that the counties do not settle, one however often the bill comes', async () => {
    const bill = postedBill({ billNumber: 'TUMOUR', kind: 'specialDisease', disease: 'M00500' });
    for (let turn = 0; turn < 2; turn++) {
      const answer = await post('/v1/settlements', 'hospital', bill);
      expect([answer.status, answer.body.code]).toEqual([422, 'DISEASE_NOT_OPEN']);
    }
    expect(await casesOf('homeClerk')).toMatchObject([
      { reason: 'diseaseNotOpen', billNumber: 'TUMOUR', claimed: '1000.00', openingRegion: AWAY, decidingRegion: HOME },
    ]);
    // Any other refusal is for the counter to correct.
    const nowhere = postedBill({ visitDate: '1999-01-01', lines: [postedLine('1000.00')] });
    expect((await post('/v1/settlements', 'hospital', nowhere)).status).toBeGreaterThanOrEqual(400);
    expect(await casesOf('awayClerk')).toHaveLength(1);
  });

  it('are about objections upheld against the patient, not about those between fund and hospital', async () => {
    const [about, beside, later] = await Promise.all(
      ['p1', 'p2', 'poor'].map(async (personId) => {
        const lines = [postedLine('2000.00')];
        const { body } = await post('/v1/settlements', 'hospital', postedBill({ personId, total: '2000.00', lines }));
        return body.settlementId;
      }),
    );
    await post('/v1/clearing-runs', 'operator', { businessDate: '2026-11-24' });
    const { database } = service;
    const life = lifeOf(database);
    const item = (settlementId: string | undefined, reason: 'notInsured' | 'amount') => {
      return { settlementId: settlementId ?? '', reason, words: 'w' } as const;
    };
    const items = [item(about, 'notInsured'), item(beside, 'amount'), item(later, 'notInsured')];
    await life.act({ kind: 'statement', id: STATEMENT }, { act: 'object', items }, HOME);
    const objections = await database.lifeQueries.objectionsOf(STATEMENT);
    const idOf = (settlementId: string | undefined) =>
      objections.find((one) => one.settlementId === settlementId)?.objectionId ?? '';
    for (const id of [about, beside, later].map(idOf)) {
      await life.act({ kind: 'objection', id }, { act: 'answer', accepted: true, words: 'so be it' }, AWAY);
    }
    const decision = { outcome: 'upheld', words: '未参保' };
    for (const id of [about, beside].map(idOf)) {
      const { body } = await post(`/v1/objections/${id}/decision`, 'homeClerk', decision);
      const { proposalId } = body as unknown as { proposalId: string };
      expect((await post(`/v1/proposals/${proposalId}/approval`, 'otherHomeClerk')).status).toBe(200);
    }
    const opened = async () => (await casesOf('homeClerk')).filter(({ reason }) => reason === 'objectionUpheld');
    const { deducted } = (await database.lifeQueries.objection(idOf(about)))!;
    expect(deducted).toBeGreaterThan(0);
    expect(await opened()).toMatchObject([
      { settlementId: about, personId: 'p1', claimed: (deducted / 100).toFixed(2), openingRegion: AWAY },
    ]);

    // The process died between the decision and the case: the morning's job finds it.
    await life.act(
      { kind: 'objection', id: idOf(later) },
      { act: 'decide', outcome: 'upheld', amount: undefined, words: '未参保' },
      HOME,
    );
    expect(await opened()).toHaveLength(1);
    const { provisionalStore: provisionals, settlementQueries: queries } = database;
    const job = remindersJob({ ...caseworkDeps(database, service.clock.now()), provisionals, queries });
    for (let turn = 0; turn < 2; turn++) await job.work({} as HeldLease, () => Promise.resolve());
    expect((await opened()).map(({ settlementId }) => settlementId).sort()).toEqual([about, later].sort());
  });
});
